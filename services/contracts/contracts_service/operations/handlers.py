"""OperationService over gRPC: one list of operations, whatever kind of work they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.longrunning import operations_pb2

from bloom.contracts.v1 import operation_service_pb2, operation_service_pb2_grpc
from contracts_service import names
from contracts_service.operations.kinds import Listed, OperationKind
from service_runtime import pagination
from service_runtime.errors import not_found
from service_runtime.identity import Identity, current_identity
from service_runtime.postgres import Connection, Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_DEFAULT_PAGE = 25


@dataclass(frozen=True, slots=True)
class OperationHandlers(operation_service_pb2_grpc.OperationServiceServicer):
    """The methods of `bloom.contracts.v1.OperationService`."""

    postgres: Postgres
    kinds: Sequence[OperationKind]

    async def GetOperation(  # noqa: N802
        self, request: operation_service_pb2.GetOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        identity, operation_id = current_identity.get(), names.id_of(request.name)
        async with self.postgres.transaction(identity.tenant) as connection:
            for kind in self.kinds:
                if found := await kind.get(connection, identity, operation_id):
                    return found
        raise not_found(request.name)

    async def ListOperations(  # noqa: N802
        self, request: operation_service_pb2.ListOperationsRequest, context: Context
    ) -> operation_service_pb2.ListOperationsResponse:
        size = request.page_size or _DEFAULT_PAGE
        cursor = pagination.decode(request.page_token, "operations", parts=2)
        before = pagination.moment_and_id(cursor) if cursor else None
        identity, found = current_identity.get(), list[Listed]()
        async with self.postgres.transaction(identity.tenant) as connection:
            for kind in self.kinds:
                found += await kind.page(connection, identity, before, size + 1)
        return _page(found, size)

    async def CancelOperation(  # noqa: N802
        self, request: operation_service_pb2.CancelOperationRequest, context: Context
    ) -> operations_pb2.Operation:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            return await self._cancelled(connection, identity, request.name)

    async def _cancelled(
        self, connection: Connection, identity: Identity, name: str
    ) -> operations_pb2.Operation:
        for kind in self.kinds:
            if cancelled := await kind.cancel(connection, identity, names.id_of(name)):
                return cancelled
        raise not_found(name)


def _page(found: list[Listed], size: int) -> operation_service_pb2.ListOperationsResponse:
    """The newest of all kinds."""
    newest = sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
    token = ""
    if len(newest) > size:
        last = newest[size - 1]
        token = pagination.encode([last.created_at.isoformat(), str(last.id)], "operations")
    return operation_service_pb2.ListOperationsResponse(
        operations=[one.message for one in newest[:size]], next_page_token=token
    )
