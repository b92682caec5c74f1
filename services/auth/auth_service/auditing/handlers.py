"""AuditService over gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from auth_service.auditing.signing import ForeignHeads
from bloom.auth.v1 import audit_service_pb2, audit_service_pb2_grpc
from service_runtime.auditing import reading
from service_runtime.auditing.heads import SignedHeads
from service_runtime.auditing.messages import event_message, line_message, wanted
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class AuditHandlers(audit_service_pb2_grpc.AuditServiceServicer):
    """The methods of `bloom.auth.v1.AuditService`."""

    postgres: Postgres
    heads: SignedHeads
    foreign: ForeignHeads

    async def ListAuditEvents(  # noqa: N802
        self, request: audit_service_pb2.ListAuditEventsRequest, context: Context
    ) -> audit_service_pb2.ListAuditEventsResponse:
        found, next_token = await reading.page(
            self.postgres,
            current_identity.get(),
            wanted(request),
            size=request.page_size,
            token=request.page_token,
        )
        return audit_service_pb2.ListAuditEventsResponse(
            audit_events=[event_message(row) for row in found], next_page_token=next_token
        )

    async def ExportAuditChain(  # noqa: N802
        self, request: audit_service_pb2.ExportAuditChainRequest, context: Context
    ) -> AsyncIterator[audit_service_pb2.AuditChainLine]:
        identity = current_identity.get()
        async for line in reading.export(self.postgres, self.heads, identity, request.after_seq):
            yield line_message(line)

    async def SignAuditHead(  # noqa: N802
        self, request: audit_service_pb2.SignAuditHeadRequest, context: Context
    ) -> audit_service_pb2.SignedAuditHead:
        signed = await self.foreign.signed(
            current_identity.get().workload, request.organization, request.seq, request.hash
        )
        return line_message(signed).head
