"""ExportService over gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.api import httpbody_pb2
from google.longrunning import operations_pb2

from bloom.contracts.v1 import export_service_pb2, export_service_pb2_grpc
from contracts_service.contracts import access
from contracts_service.documents.objects import Objects
from contracts_service.exports import messages, service
from service_runtime import idempotency
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class ExportHandlers(export_service_pb2_grpc.ExportServiceServicer):
    """The methods of `bloom.contracts.v1.ExportService`."""

    postgres: Postgres
    objects: Objects

    async def ExportContracts(  # noqa: N802
        self, request: export_service_pb2.ExportContractsRequest, context: Context
    ) -> operations_pb2.Operation:
        identity = current_identity.get()
        # Which contracts are in reach is asked when they are written.
        access.of_no_contract(access.READ)
        async with self.postgres.transaction(identity.tenant) as connection:

            async def run() -> operations_pb2.Operation:
                return messages.operation(await service.begin(connection, identity, request.filter))

            return await idempotency.once(
                connection, identity, request, request.request_id, operations_pb2.Operation, run
            )

    async def DownloadExport(  # noqa: N802
        self, request: export_service_pb2.DownloadExportRequest, context: Context
    ) -> AsyncIterator[httpbody_pb2.HttpBody]:
        identity = current_identity.get()
        async with self.postgres.transaction(identity.tenant) as connection:
            export = await service.downloadable(connection, identity, request.name)
        async for piece in self.objects.pieces(export.object_key):
            yield httpbody_pb2.HttpBody(content_type="application/zip", data=piece)
