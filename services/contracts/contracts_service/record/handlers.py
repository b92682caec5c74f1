"""RecordService over gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2, record_service_pb2_grpc
from contracts_service import messages, names
from contracts_service.contracts import access
from contracts_service.contracts.intake import Intake, Upload
from contracts_service.record import service, store
from contracts_service.record.messages import document_version_message, record_message, revision_message
from service_runtime import idempotency, pagination
from service_runtime.errors import invalid, not_found
from service_runtime.identity import current_identity
from service_runtime.money import Money
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_DEFAULT_PAGE = 25


@dataclass(frozen=True, slots=True)
class RecordHandlers(record_service_pb2_grpc.RecordServiceServicer):
    """The methods of `bloom.contracts.v1.RecordService`."""

    postgres: Postgres
    intake: Intake

    async def CreateContract(  # noqa: N802
        self, request: record_service_pb2.CreateContractRequest, context: Context
    ) -> contract_pb2.Contract:
        identity, asked = current_identity.get(), request.contract
        value = Money.of(asked.contract_value) if asked.HasField("contract_value") else None
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> contract_pb2.Contract:
                return messages.contract(
                    await service.create(connection, identity, service.new_draft(asked, value))
                )

            return await idempotency.once(
                connection, identity, request, request.request_id, contract_pb2.Contract, run
            )

    async def GetRecord(  # noqa: N802
        self, request: record_service_pb2.GetRecordRequest, context: Context
    ) -> record_service_pb2.Record:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        return record_message(await service.get(reads, identity, request.name))

    async def UpdateRecord(  # noqa: N802
        self, request: record_service_pb2.UpdateRecordRequest, context: Context
    ) -> record_service_pb2.Record:
        identity, name = current_identity.get(), names.contract_of(request.record.name)
        async with self.postgres.transaction(identity.tenant) as connection:
            await access.require_first(connection, identity, access.WRITE, name)

            async def run() -> record_service_pb2.Record:
                return record_message(await service.update(connection, identity, request))

            return await idempotency.once(
                connection, identity, request, request.request_id, record_service_pb2.Record, run
            )

    async def ListRevisions(  # noqa: N802
        self, request: record_service_pb2.ListRevisionsRequest, context: Context
    ) -> record_service_pb2.ListRevisionsResponse:
        identity, size = current_identity.get(), request.page_size or _DEFAULT_PAGE
        before = pagination.ordinal(request.page_token, "revisions", request.parent) or None
        reads = self.postgres.reader(identity.tenant)
        contract = await access.permitted(reads, identity, access.READ, request.parent)
        found = await store.revisions(reads, contract.id, before=before, limit=size + 1)
        token = ""
        if len(found) > size:
            token = pagination.encode([str(found[size - 1].number)], "revisions", request.parent)
        return record_service_pb2.ListRevisionsResponse(
            revisions=[revision_message(contract.id, one) for one in found[:size]], next_page_token=token
        )

    async def GetRevision(  # noqa: N802
        self, request: record_service_pb2.GetRevisionRequest, context: Context
    ) -> record_service_pb2.Revision:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        name, number = names.contract_of(request.name), int(request.name.rpartition("/")[2])
        contract = await access.permitted(reads, identity, access.READ, name)
        found = await store.revision(reads, contract.id, number)
        if found is None:
            raise not_found(request.name)
        return revision_message(contract.id, found)

    async def AttachDocument(  # noqa: N802
        self, request_iterator: AsyncIterator[record_service_pb2.AttachDocumentRequest], context: Context
    ) -> contract_pb2.Contract:
        first = await anext(request_iterator, None)
        if first is None or not first.name:
            raise invalid("name", "name the contract, and send the file's bytes as the body")
        upload = Upload(first.filename, first.content.content_type, "", "")
        attached = await self.intake.attach(
            current_identity.get(),
            first.name,
            upload,
            _pieces(first, request_iterator),
            reason=first.reason,
            etag=first.etag,
        )
        return messages.contract(attached)

    async def ListDocumentVersions(  # noqa: N802
        self, request: record_service_pb2.ListDocumentVersionsRequest, context: Context
    ) -> record_service_pb2.ListDocumentVersionsResponse:
        identity = current_identity.get()
        reads = self.postgres.reader(identity.tenant)
        contract = await access.permitted(reads, identity, access.READ, request.parent)
        found = await store.document_versions(reads, contract.id)
        return record_service_pb2.ListDocumentVersionsResponse(
            documents=[document_version_message(one) for one in found]
        )


async def _pieces(
    first: record_service_pb2.AttachDocumentRequest,
    rest: AsyncIterator[record_service_pb2.AttachDocumentRequest],
) -> AsyncIterator[bytes]:
    yield first.content.data
    async for request in rest:
        yield request.content.data
