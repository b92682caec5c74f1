"""ContradictionService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc

from bloom.contracts.v1 import contradiction_service_pb2, contradiction_service_pb2_grpc
from contracts_service.contradictions import service
from contracts_service.contradictions.messages import contradiction_message, review_message
from contracts_service.contradictions.stored import Asked
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class ContradictionHandlers(contradiction_service_pb2_grpc.ContradictionServiceServicer):
    """The methods of `bloom.contracts.v1.ContradictionService`."""

    postgres: Postgres

    async def ListContradictions(  # noqa: N802
        self, request: contradiction_service_pb2.ListContradictionsRequest, context: Context
    ) -> contradiction_service_pb2.ListContradictionsResponse:
        page = await service.page(
            self.postgres,
            current_identity.get(),
            request.parent,
            Asked(tuple(request.kinds), tuple(request.severities), tuple(request.states)),
            size=request.page_size,
            token=request.page_token,
        )
        return contradiction_service_pb2.ListContradictionsResponse(
            contradictions=[contradiction_message(one) for one in page.found],
            next_page_token=page.next_token,
            searched=page.searched,
        )

    async def GetContradiction(  # noqa: N802
        self, request: contradiction_service_pb2.GetContradictionRequest, context: Context
    ) -> contradiction_service_pb2.ContradictionDetail:
        found, said = await service.get(self.postgres, current_identity.get(), request.name)
        return contradiction_service_pb2.ContradictionDetail(
            contradiction=contradiction_message(found), reviews=[review_message(one) for one in said]
        )

    async def DismissContradiction(  # noqa: N802
        self, request: contradiction_service_pb2.DismissContradictionRequest, context: Context
    ) -> contradiction_service_pb2.Contradiction:
        return await self._say(request.name, request.reason, request.etag, dismissed=True)

    async def ReopenContradiction(  # noqa: N802
        self, request: contradiction_service_pb2.ReopenContradictionRequest, context: Context
    ) -> contradiction_service_pb2.Contradiction:
        return await self._say(request.name, request.reason, request.etag, dismissed=False)

    async def _say(
        self, name: str, reason: str, etag: str, *, dismissed: bool
    ) -> contradiction_service_pb2.Contradiction:
        identity = current_identity.get()
        said = await service.say(self.postgres, identity, name, dismissed=dismissed, reason=reason, etag=etag)
        return contradiction_message(said)
