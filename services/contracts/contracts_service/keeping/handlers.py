"""KeepingService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from bloom.contracts.v1 import contract_pb2, keeping_service_pb2, keeping_service_pb2_grpc
from contracts_service import messages
from contracts_service.contracts import access
from contracts_service.keeping import service
from contracts_service.keeping.messages import (
    class_message,
    deleted_message,
    hold_message,
    keeping_message,
)
from contracts_service.keeping.model import RetentionClass
from contracts_service.saved.service import written
from service_runtime import idempotency
from service_runtime.identifiers import new_id
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_OF_CLASS = ("display_name", "years", "anchor", "disposal")


@dataclass(frozen=True, slots=True)
class KeepingHandlers(keeping_service_pb2_grpc.KeepingServiceServicer):
    """The methods of `bloom.contracts.v1.KeepingService`."""

    postgres: Postgres

    async def ListDeletedContracts(  # noqa: N802
        self, request: keeping_service_pb2.ListDeletedContractsRequest, context: Context
    ) -> keeping_service_pb2.ListDeletedContractsResponse:
        found, token = await service.deleted(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return keeping_service_pb2.ListDeletedContractsResponse(
            deleted_contracts=map(deleted_message, found), next_page_token=token
        )

    async def UndeleteContract(  # noqa: N802
        self, request: keeping_service_pb2.UndeleteContractRequest, context: Context
    ) -> contract_pb2.Contract:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            return messages.contract(
                await service.undelete(connection, identity, request.name, request.reason)
            )

    async def CreateRetentionClass(  # noqa: N802
        self, request: keeping_service_pb2.CreateRetentionClassRequest, context: Context
    ) -> keeping_service_pb2.RetentionClass:
        identity, asked = current_identity.get(), request.retention_class
        new = RetentionClass(new_id(), asked.display_name, asked.years, asked.anchor, asked.disposal)
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> keeping_service_pb2.RetentionClass:
                return class_message(await service.create_class(connection, identity, new))

            return await idempotency.once(
                connection, identity, request, request.request_id, keeping_service_pb2.RetentionClass, run
            )

    async def ListRetentionClasses(  # noqa: N802
        self, request: keeping_service_pb2.ListRetentionClassesRequest, context: Context
    ) -> keeping_service_pb2.ListRetentionClassesResponse:
        found, token = await service.classes(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return keeping_service_pb2.ListRetentionClassesResponse(
            retention_classes=map(class_message, found), next_page_token=token
        )

    async def UpdateRetentionClass(  # noqa: N802
        self, request: keeping_service_pb2.UpdateRetentionClassRequest, context: Context
    ) -> keeping_service_pb2.RetentionClass:
        identity, asked = current_identity.get(), request.retention_class
        is_set = [field.name for field, _ in asked.ListFields()]
        paths = written(request.update_mask.paths, is_set, _OF_CLASS)
        said = {path: getattr(asked, path) for path in paths}
        async with self.postgres.transaction(identity.tenant) as connection:
            return class_message(
                await service.update_class(connection, identity, asked.name, asked.etag, said)
            )

    async def DeleteRetentionClass(  # noqa: N802
        self, request: keeping_service_pb2.DeleteRetentionClassRequest, context: Context
    ) -> empty_pb2.Empty:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            await service.delete_class(connection, identity, request.name)
        return empty_pb2.Empty()

    async def RetainContract(  # noqa: N802
        self, request: keeping_service_pb2.RetainContractRequest, context: Context
    ) -> keeping_service_pb2.Keeping:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            return keeping_message(
                await service.retain(
                    connection, identity, request.name, request.retention_class, request.reason
                )
            )

    async def GetKeeping(  # noqa: N802
        self, request: keeping_service_pb2.GetKeepingRequest, context: Context
    ) -> keeping_service_pb2.Keeping:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        return keeping_message(await service.keeping(reads, identity, request.name))

    async def CreateHold(  # noqa: N802
        self, request: keeping_service_pb2.CreateHoldRequest, context: Context
    ) -> keeping_service_pb2.Hold:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> keeping_service_pb2.Hold:
                return hold_message(
                    await service.create_hold(connection, identity, request.hold.display_name)
                )

            return await idempotency.once(
                connection, identity, request, request.request_id, keeping_service_pb2.Hold, run
            )

    async def ListHolds(  # noqa: N802
        self, request: keeping_service_pb2.ListHoldsRequest, context: Context
    ) -> keeping_service_pb2.ListHoldsResponse:
        identity = current_identity.get()
        access.require_unconditional(identity, access.KEEP)
        found, token = await service.holds(
            self.postgres, identity, size=request.page_size, token=request.page_token
        )
        return keeping_service_pb2.ListHoldsResponse(holds=map(hold_message, found), next_page_token=token)

    async def PlaceHold(  # noqa: N802
        self, request: keeping_service_pb2.PlaceHoldRequest, context: Context
    ) -> keeping_service_pb2.Hold:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            return hold_message(
                await service.place(connection, identity, request.name, request.contracts, request.reason)
            )

    async def LiftHold(  # noqa: N802
        self, request: keeping_service_pb2.LiftHoldRequest, context: Context
    ) -> keeping_service_pb2.Hold:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            return hold_message(
                await service.lift(connection, identity, request.name, request.contracts, request.reason)
            )
