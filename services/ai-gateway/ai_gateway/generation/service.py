"""Answers questions: from the cache or from Claude, checked, metered, and kept."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from opentelemetry import trace

from ai_gateway import metrics
from ai_gateway.cache.answers import key_of
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Reply
from ai_gateway.flights.board import Route
from ai_gateway.flights.flight import Landed, Led, Source
from ai_gateway.flights.flights import Emit, Flights, Lead, Seat
from ai_gateway.generation import errors
from ai_gateway.generation.asking import Asking
from ai_gateway.generation.prompt import to_wire
from ai_gateway.generation.question import Answer, Caching, Question
from ai_gateway.generation.withholding import withheld
from ai_gateway.money.free_answers import FreeAnswers
from ai_gateway.money.prices import PriceSheet
from ai_gateway.money.tokens import Spent, Tokens
from ai_gateway.money.usage import UsageEvent
from ai_gateway.privacy.seal import SealBrokenError
from service_runtime.identity import Identity

_GOOD = frozenset({"end_turn", "stop_sequence", "tool_use"})
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_COUNTED = frozenset({"model", "messages", "system", "output_config", "thinking", "tools", "tool_choice"})

# Told how to let go of a call when its client goes while nobody reads.
OnLeaving = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Generation:
    """`destination` and `api_version` are part of what an answer depends on."""

    asking: Asking
    flights: Flights
    free_answers: FreeAnswers
    prices: PriceSheet
    destination: str
    api_version: str

    async def generate(self, caller: Identity, question: Question, request_id: UUID) -> Answer:
        """One whole answer. Raises DomainError."""
        question = await withheld(question)

        async def lead(_emit: Emit) -> Led:
            return await self._conforming(caller, question, request_id)

        try:
            async with self._seat(caller, question, lead, streamed=False) as seat:
                landed = await seat.landed()
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        return self._answer(caller, question, request_id, landed)

    async def stream(
        self, caller: Identity, question: Question, request_id: UUID, on_leaving: OnLeaving
    ) -> AsyncIterator[str | Answer]:
        """The texts as they come, then the answer; without it the stream was cut. Raises DomainError."""
        question = await withheld(question)
        restorer = question.restorer()

        async def lead(emit: Emit) -> Led:
            return await self._streamed(caller, question, request_id, emit)

        try:
            async with self._seat(caller, question, lead, streamed=True) as seat:
                on_leaving(seat.leave)
                async for piece in seat.texts():
                    if text := restorer.feed(piece):
                        yield text
                if rest := restorer.end():
                    yield rest
                landed = await seat.landed()
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        except SealBrokenError:
            raise errors.prompt_leaked() from None
        yield self._answer(caller, question, request_id, landed)

    async def count_tokens(self, caller: Identity, question: Question, request_id: UUID) -> int:
        """The prompt's size as Claude counts it. Raises DomainError."""
        question = await withheld(question)
        body = {name: value for name, value in question.body.items() if name in _COUNTED}
        try:
            attempt = await self.asking.token_count(
                question.purpose(caller, request_id),
                to_wire(body, stream=False),
                self.asking.ends_at(),
                betas=question.betas,
            )
            try:
                counted = _input_tokens(await attempt.body())
                attempt.answered()
            finally:
                await attempt.close()
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        return counted

    def _seat(
        self, caller: Identity, question: Question, lead: Lead, *, streamed: bool
    ) -> AbstractAsyncContextManager[Seat]:
        if question.caching is Caching.BYPASS:
            return self.flights.alone(lead)
        key = key_of(caller.tenant, self.destination, self.api_version, question.asked)
        # An answer that does not fit its schema is asked for again, but not once it has begun to stream.
        lane = "streamed" if streamed and question.schema is not None else ""
        return self.flights.joined(Route(key, question.caching is Caching.REFRESH, lane), lead)

    async def _conforming(self, caller: Identity, question: Question, request_id: UUID) -> Led:
        """A reply that keeps the schema, if need be at the second asking; both are paid."""
        ends_at = self.asking.ends_at()
        reply, spent = await self._asked(caller, question, request_id, ends_at)
        problem = question.problem(reply)
        if problem is not None:
            corrected = question.corrected(reply.text, problem)
            reply, more = await self._asked(caller, corrected, request_id, ends_at)
            if question.problem(reply):
                raise errors.off_schema()
            spent += more
        return Led(reply, spent, keep=reply.stop_reason in _GOOD)

    async def _asked(
        self, caller: Identity, question: Question, request_id: UUID, ends_at: float
    ) -> tuple[Reply, Spent]:
        content = to_wire(question.body, stream=False)
        purpose = question.purpose(caller, request_id)
        attempt = await self.asking.message(
            purpose, content, ends_at, question.max_tokens, betas=question.betas
        )
        try:
            reply = await attempt.reply()
        finally:
            await attempt.close()
        await attempt.receipt()
        _check_whole(question, reply)
        return reply, attempt.spent

    async def _streamed(self, caller: Identity, question: Question, request_id: UUID, emit: Emit) -> Led:
        content, ends_at = to_wire(question.body, stream=True), self.asking.ends_at()
        purpose = question.purpose(caller, request_id)
        attempt = await self.asking.message(
            purpose, content, ends_at, question.max_tokens, betas=question.betas, stream=True
        )
        try:
            async for text in attempt.texts():
                emit(text)
            reply = attempt.whole()
        finally:
            await attempt.close()
        await attempt.receipt()
        _check_whole(question, reply)
        if question.problem(reply):
            raise errors.off_schema()
        return Led(reply, attempt.spent, keep=reply.stop_reason in _GOOD)

    def _answer(self, caller: Identity, question: Question, request_id: UUID, landed: Landed) -> Answer:
        """With what was withheld. Who did not pay is counted, and told what it would have cost."""
        reply, spent = landed.reply, landed.spent
        trace.get_current_span().set_attribute("bloom.ai.served_from", landed.source.name)
        if landed.source is not Source.UPSTREAM:
            cost = self.prices.spent(reply.tokens, question.model.name, datetime.now(UTC).date())
            spent = Spent(Tokens(), 0, cost.list_cost)
            self.free_answers.note(_free(caller, question, request_id, reply, spent))
        metrics.answered(landed.source, question.model.name, spent.list_cost - spent.cost)
        return Answer(
            question.restored(reply.text), reply.stop_reason, spent, reply.model, reply.request_id,
            reply.simulated, landed.source, question.blocks(reply),
        )  # fmt: skip


def _free(caller: Identity, question: Question, request_id: UUID, reply: Reply, spent: Spent) -> UsageEvent:
    return UsageEvent(
        datetime.now(UTC), caller.tenant, request_id, question.task, question.model.name, caller.workload,
        caller.subject, cached=True, simulated=reply.simulated, spent=spent,
    )  # fmt: skip


def _check_whole(question: Question, reply: Reply) -> None:
    if question.leaked_by(reply):
        raise errors.prompt_leaked()
    if reply.stop_reason == "refusal":
        raise errors.refused()
    if question.schema is not None and reply.stop_reason in _CUT_SHORT:
        raise errors.truncated()


def _input_tokens(body: bytes) -> int:
    try:
        return int(json.loads(body)["input_tokens"])
    except (ValueError, KeyError, TypeError) as broken:
        raise ClaudeError(FaultKind.MALFORMED, began=True) from broken
