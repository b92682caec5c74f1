"""HistoryService over gRPC."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc

from bloom.auth.v1 import audit_service_pb2
from bloom.contracts.v1 import history_service_pb2, history_service_pb2_grpc
from service_runtime.auditing import reading
from service_runtime.auditing.heads import SignedHeads
from service_runtime.auditing.messages import event_message, line_message, wanted
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class HistoryHandlers(history_service_pb2_grpc.HistoryServiceServicer):
    """The methods of `bloom.contracts.v1.HistoryService`."""

    postgres: Postgres
    heads: SignedHeads

    async def ListContractEvents(  # noqa: N802
        self, request: history_service_pb2.ListContractEventsRequest, context: Context
    ) -> history_service_pb2.ListContractEventsResponse:
        found, next_token = await reading.page(
            self.postgres,
            current_identity.get(),
            wanted(request),
            size=request.page_size,
            token=request.page_token,
        )
        return history_service_pb2.ListContractEventsResponse(
            contract_events=[event_message(row) for row in found], next_page_token=next_token
        )

    async def ExportContractEvents(  # noqa: N802
        self, request: history_service_pb2.ExportContractEventsRequest, context: Context
    ) -> AsyncIterator[audit_service_pb2.AuditChainLine]:
        identity = current_identity.get()
        async for line in reading.export(self.postgres, self.heads, identity, request.after_seq):
            yield line_message(line)
