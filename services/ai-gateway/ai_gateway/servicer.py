"""AiService: each method handed to the domain that it belongs to."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
from google.protobuf import duration_pb2, empty_pb2

from ai_gateway.cache.kept import KeptAnswers
from ai_gateway.claude.catalogue import list_models
from ai_gateway.egress import handlers as egress
from ai_gateway.flights.board import Board
from ai_gateway.generation.handlers import GenerationHandlers
from ai_gateway.money import handlers as money
from ai_gateway.money.budgets import Budgets
from ai_gateway.money.estimating import estimate_cost
from ai_gateway.money.prices import published
from ai_gateway.money.service import UsageReport
from bloom.ai.v1 import ai_pb2, ai_service_pb2_grpc
from bloom.ai.v1 import ai_service_pb2 as messages
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

SERVICE = "bloom.ai.v1.AiService"


class AiServicer(ai_service_pb2_grpc.AiServiceServicer):
    """What the gRPC server calls."""

    def __init__(
        self,
        generation: GenerationHandlers,
        usage: UsageReport,
        postgres: Postgres,
        board: Board,
        kept: KeptAnswers,
    ) -> None:
        self._generation = generation
        self._usage = usage
        self._budgets = Budgets(postgres)
        self._postgres = postgres
        self._board = board
        self._kept = kept

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

    async def EstimateCost(  # noqa: N802
        self, request: messages.EstimateCostRequest, _context: object
    ) -> messages.EstimateCostResponse:
        defaults = self._generation.defaults
        return estimate_cost(published(), defaults.aliases, request, bedrock=defaults.bedrock)

    async def GetUsage(  # noqa: N802
        self, request: messages.GetUsageRequest, _context: object
    ) -> messages.GetUsageResponse:
        return await money.get_usage(self._usage, request)

    async def ListUsage(  # noqa: N802
        self, request: messages.ListUsageRequest, _context: object
    ) -> messages.ListUsageResponse:
        return await money.list_usage(self._usage, request)

    async def ListModels(  # noqa: N802
        self, _request: messages.ListModelsRequest, _context: object
    ) -> messages.ListModelsResponse:
        defaults = self._generation.defaults
        return list_models(published(), defaults.aliases, bedrock=defaults.bedrock)

    async def ListBudgets(  # noqa: N802
        self, _request: messages.ListBudgetsRequest, _context: object
    ) -> messages.ListBudgetsResponse:
        return await money.list_budgets(self._budgets)

    async def GetBudget(  # noqa: N802
        self, request: messages.GetBudgetRequest, _context: object
    ) -> ai_pb2.Budget:
        return await money.get_budget(self._budgets, request)

    async def UpdateBudget(  # noqa: N802
        self, request: messages.UpdateBudgetRequest, _context: object
    ) -> ai_pb2.Budget:
        return await money.update_budget(self._budgets, request)

    async def DeleteBudget(  # noqa: N802
        self, request: messages.DeleteBudgetRequest, _context: object
    ) -> empty_pb2.Empty:
        return await money.delete_budget(self._budgets, request)

    async def ListEgressRecords(  # noqa: N802
        self, request: messages.ListEgressRecordsRequest, _context: object
    ) -> messages.ListEgressRecordsResponse:
        return await egress.list_records(self._postgres, request)

    async def ExportEgressChain(  # noqa: N802
        self, request: messages.ExportEgressChainRequest, _context: object
    ) -> AsyncIterator[messages.EgressChainEntry]:
        async for entry in egress.export_chain(self._postgres, request):
            yield entry

    async def GetCacheStats(  # noqa: N802
        self, _request: messages.GetCacheStatsRequest, _context: object
    ) -> messages.GetCacheStatsResponse:
        kept = await self._kept.count(current_identity.get().tenant)
        if kept is None:
            return messages.GetCacheStatsResponse()
        ttl = duration_pb2.Duration()
        ttl.FromTimedelta(kept.ttl)
        return messages.GetCacheStatsResponse(enabled=True, answers=kept.answers, bytes=kept.size, ttl=ttl)

    async def PurgeCache(  # noqa: N802
        self, _request: messages.PurgeCacheRequest, _context: object
    ) -> messages.PurgeCacheResponse:
        purged = await self._board.purge(current_identity.get().tenant)
        return messages.PurgeCacheResponse(purged=purged)
