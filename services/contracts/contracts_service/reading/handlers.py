"""ReadingService over gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc

from bloom.ai.v1 import ai_service_pb2_grpc
from bloom.contracts.v1 import reading_service_pb2, reading_service_pb2_grpc
from contracts_service import messages as common
from contracts_service.analysis.request import Wanted
from contracts_service.reading import messages, service
from contracts_service.reading.estimate import estimate
from contracts_service.reading.planning import planned
from contracts_service.reading.service import Shown
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Terms:
    """How analyses are done here: as the worker is set up."""

    standard_uses: tuple[str, ...]
    request_tokens: int
    parallel: int


@dataclass(frozen=True, slots=True)
class ReadingHandlers(reading_service_pb2_grpc.ReadingServiceServicer):
    """The methods of `bloom.contracts.v1.ReadingService`."""

    postgres: Postgres
    ai: ai_service_pb2_grpc.AiServiceAsyncStub
    terms: Terms

    async def EstimateAnalysis(  # noqa: N802
        self, request: reading_service_pb2.EstimateAnalysisRequest, context: Context
    ) -> reading_service_pb2.EstimateAnalysisResponse:
        wanted = Wanted(common.uses_of(request.uses, self.terms.standard_uses), request.anew)
        identity = current_identity.get()
        found = await planned(self.postgres, identity, request.name, wanted, self.terms.request_tokens)
        estimated = await estimate(self.ai, found.text, found.asks, self.terms.parallel)
        return messages.estimate(found, estimated)

    async def ListEntries(  # noqa: N802
        self, request: reading_service_pb2.ListEntriesRequest, context: Context
    ) -> reading_service_pb2.ListEntriesResponse:
        use = common.uses_of([request.use], ())[0] if request.use else ""
        found, next_token = await service.entries(
            self.postgres,
            current_identity.get(),
            request.parent,
            Shown(use, request.kind, request.present_only),
            size=request.page_size,
            token=request.page_token,
        )
        return reading_service_pb2.ListEntriesResponse(
            entries=[messages.entry(item) for item in found], next_page_token=next_token
        )

    async def ListAnalyses(  # noqa: N802
        self, request: reading_service_pb2.ListAnalysesRequest, context: Context
    ) -> reading_service_pb2.ListAnalysesResponse:
        found, next_token = await service.analyses(
            self.postgres,
            current_identity.get(),
            request.parent,
            size=request.page_size,
            token=request.page_token,
        )
        return reading_service_pb2.ListAnalysesResponse(
            analyses=[messages.analysis(item) for item in found], next_page_token=next_token
        )

    async def CompareAnalyses(  # noqa: N802
        self, request: reading_service_pb2.CompareAnalysesRequest, context: Context
    ) -> reading_service_pb2.CompareAnalysesResponse:
        compared = await service.comparison(
            self.postgres, current_identity.get(), request.name, request.earlier, request.later
        )
        return messages.comparison(compared)
