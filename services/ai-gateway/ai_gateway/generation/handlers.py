"""Generate, StreamGenerate, CountTokens: proto in, proto out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from ai_gateway.flights.flight import Source
from ai_gateway.generation.completion import completion
from ai_gateway.generation.prompt import Defaults, read_prompt
from ai_gateway.generation.question import Answer
from ai_gateway.generation.service import Generation, OnLeaving
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.identity import current_identity

_SERVED_FROM = {
    Source.UPSTREAM: ai_pb2.SERVED_FROM_UPSTREAM,
    Source.CACHE: ai_pb2.SERVED_FROM_CACHE,
    Source.COALESCED: ai_pb2.SERVED_FROM_COALESCED,
}
Whole = ai_service_pb2.GenerateResponse
Piece = ai_service_pb2.StreamGenerateResponse


@dataclass(frozen=True, slots=True)
class GenerationHandlers:
    """The methods that ask Claude."""

    generation: Generation
    defaults: Defaults

    async def generate(self, request: ai_service_pb2.GenerateRequest) -> Whole:
        """The whole answer."""
        question = read_prompt(request.prompt, self.defaults)
        answer = await self.generation.generate(current_identity.get(), question, _id(request.request_id))
        return Whole(text=answer.text, completion=_completion(answer))

    async def stream(
        self, request: ai_service_pb2.StreamGenerateRequest, on_leaving: OnLeaving
    ) -> AsyncIterator[Piece]:
        """Deltas, then the completion."""
        question = read_prompt(request.prompt, self.defaults)
        caller = current_identity.get()
        pieces = self.generation.stream(caller, question, _id(request.request_id), on_leaving)
        async for piece in pieces:
            if isinstance(piece, Answer):
                yield Piece(completion=_completion(piece))
            else:
                yield Piece(text_delta=piece)

    async def count_tokens(
        self, request: ai_service_pb2.CountTokensRequest
    ) -> ai_service_pb2.CountTokensResponse:
        """Asked of Claude: only it knows its tokens."""
        question = read_prompt(request.prompt, self.defaults)
        counted = await self.generation.count_tokens(current_identity.get(), question, uuid4())
        return ai_service_pb2.CountTokensResponse(input_tokens=counted)


def _completion(answer: Answer) -> ai_service_pb2.Completion:
    return completion(
        answer.stop_reason, answer.spent, _SERVED_FROM[answer.source], answer.model,
        answer.upstream_request_id, answer.blocks, simulated=answer.simulated,
    )  # fmt: skip


def _id(request_id: str) -> UUID:
    """The caller's, or one of our own: each request is metered once."""
    return UUID(request_id) if request_id else uuid4()
