"""ImportService over gRPC."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
from google.longrunning import operations_pb2

from bloom.contracts.v1 import import_service_pb2, import_service_pb2_grpc
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.documents.objects import Objects
from contracts_service.imports import messages, service, sources
from contracts_service.imports.model import Analyses, Defaults, NewFile, NewImport
from contracts_service.imports.sources import Bounds
from service_runtime import idempotency
from service_runtime.errors import invalid
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity, current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_Request = import_service_pb2.UploadArchiveRequest | import_service_pb2.ImportContractsRequest


@dataclass(frozen=True, slots=True)
class ImportHandlers(import_service_pb2_grpc.ImportServiceServicer):
    """The methods of `bloom.contracts.v1.ImportService`."""

    postgres: Postgres
    objects: Objects
    bounds: Bounds

    async def UploadArchive(  # noqa: N802
        self, request_iterator: AsyncIterator[import_service_pb2.UploadArchiveRequest], context: Context
    ) -> operations_pb2.Operation:
        first = await anext(request_iterator, None)
        if first is None:
            raise invalid("content", "send the archive's bytes as the body")
        if not first.filename:
            raise invalid("filename", "name the archive: ?filename=contracts.zip")
        asked, identity = _asked(first), current_identity.get()
        _require_permissions(identity, asked)
        archive = await sources.receive(_pieces(first, request_iterator), self.bounds.archive_bytes)
        with archive.file as file:
            files = await sources.files_of(archive, self.bounds)
            import_id = new_id()
            key = sources.archive_key(identity.tenant, import_id)
            file.seek(0)
            # Before the rows, so that they always have their archive; one without rows is swept.
            await self.objects.put(key, file)
        # What is kept of the request to know it again is the archive's hash.
        first.content.Clear()
        first.content.data = bytes.fromhex(archive.sha256)
        begun = await self._begun(first, asked.named(import_id, first.filename, key), files)
        if begun.name != names.operation(import_id):
            await self.objects.delete(key)
        return begun

    async def ImportContracts(  # noqa: N802
        self, request: import_service_pb2.ImportContractsRequest, context: Context
    ) -> operations_pb2.Operation:
        asked, identity = _asked(request), current_identity.get()
        _require_permissions(identity, asked)
        files = await sources.files_in(self.objects, identity.tenant, request.folder, self.bounds)
        return await self._begun(request, asked.named(new_id(), request.folder or "/", ""), files)

    async def ListImportFiles(  # noqa: N802
        self, request: import_service_pb2.ListImportFilesRequest, context: Context
    ) -> import_service_pb2.ListImportFilesResponse:
        one, found, next_token = await service.files(
            self.postgres,
            current_identity.get(),
            request.parent,
            request.states,
            size=request.page_size,
            token=request.page_token,
        )
        return import_service_pb2.ListImportFilesResponse(
            files=[messages.file(one, file) for file in found], next_page_token=next_token
        )

    async def _begun(
        self, request: _Request, new: NewImport, files: Sequence[NewFile]
    ) -> operations_pb2.Operation:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> operations_pb2.Operation:
                return messages.operation(await service.begin(connection, identity, new, files), Analyses())

            return await idempotency.once(
                connection, identity, request, request.request_id, operations_pb2.Operation, run
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What both ways of importing ask for."""

    defaults: Defaults
    analysis: int

    def named(self, import_id: UUID, source: str, archive_key: str) -> NewImport:
        """The import that begins."""
        return NewImport(import_id, source, archive_key, self.defaults, self.analysis)


def _asked(request: _Request) -> _Asked:
    said = request.defaults
    return _Asked(Defaults(said.department, tuple(said.tags), said.office), request.analysis)


def _require_permissions(identity: Identity, asked: _Asked) -> None:
    """Told at once, and not by each file. Raises PERMISSION_DENIED, CONDITION_FORBIDS."""
    access.require_new(identity, asked.defaults.department, None)
    if asked.analysis:
        access.require_held(identity, access.ANALYZE)


async def _pieces(
    first: import_service_pb2.UploadArchiveRequest,
    rest: AsyncIterator[import_service_pb2.UploadArchiveRequest],
) -> AsyncIterator[bytes]:
    yield first.content.data
    async for request in rest:
        yield request.content.data
