"""AiService: each method handed to the domain that it belongs to."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc

from ai_gateway.generation.handlers import GenerationHandlers
from ai_gateway.money.handlers import get_usage
from ai_gateway.money.service import UsageReport
from bloom.ai.v1 import ai_service_pb2 as messages
from bloom.ai.v1 import ai_service_pb2_grpc

SERVICE = "bloom.ai.v1.AiService"


class AiServicer(ai_service_pb2_grpc.AiServiceServicer):
    """What the gRPC server calls."""

    def __init__(self, generation: GenerationHandlers, usage: UsageReport) -> None:
        self._generation = generation
        self._usage = usage

    async def Generate(  # noqa: N802 the schema's name
        self, request: messages.GenerateRequest, _context: object
    ) -> messages.GenerateResponse:
        return await self._generation.generate(request)

    async def StreamGenerate(  # noqa: N802
        self, request: messages.StreamGenerateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[messages.StreamGenerateResponse]:
        def on_leaving(let_go: Callable[[], None]) -> None:
            # A client that leaves while a piece waits to be sent is not seen by whoever produces the pieces.
            context.add_done_callback(lambda _: let_go())  # type: ignore[arg-type]  # the stub's type is no Protocol

        async for piece in self._generation.stream(request, on_leaving):
            yield piece

    async def CountTokens(  # noqa: N802
        self, request: messages.CountTokensRequest, _context: object
    ) -> messages.CountTokensResponse:
        return await self._generation.count_tokens(request)

    async def GetUsage(  # noqa: N802
        self, request: messages.GetUsageRequest, _context: object
    ) -> messages.GetUsageResponse:
        return await get_usage(self._usage, request)
