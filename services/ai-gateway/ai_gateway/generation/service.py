"""Answers questions: from the cache or from Claude, checked, metered, and kept."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from opentelemetry import trace

from ai_gateway.cache.answers import AnswerCache, CacheKey, key_of
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Reply
from ai_gateway.generation import errors
from ai_gateway.generation.asking import Asking
from ai_gateway.generation.prompt import to_wire
from ai_gateway.generation.question import Answer, Question
from ai_gateway.generation.withholding import withheld
from ai_gateway.money.free_answers import FreeAnswers
from ai_gateway.money.prices import PriceSheet
from ai_gateway.money.tokens import Spent, Tokens
from ai_gateway.money.usage import UsageEvent
from service_runtime.identity import Identity

_GOOD = frozenset({"end_turn", "stop_sequence"})
_CUT_SHORT = frozenset({"max_tokens", "model_context_window_exceeded"})
_COUNTED = frozenset({"model", "messages", "system", "output_config"})

# Told how to let go of a call when its client goes while nobody reads.
OnLeaving = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Generation:
    """`destination` and `api_version` are part of what an answer depends on."""

    asking: Asking
    cache: AnswerCache
    free_answers: FreeAnswers
    prices: PriceSheet
    destination: str
    api_version: str

    async def generate(self, caller: Identity, question: Question, request_id: UUID) -> Answer:
        """One whole answer. Raises DomainError."""
        question = await withheld(question)
        key = self._key(caller, question)
        kept = await self._kept(caller, question, request_id, key)
        if kept is not None:
            return _whole(question, kept)
        try:
            reply, spent = await self._conforming(caller, question, request_id)
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        await self._keep(question, key, reply)
        return _whole(question, _answer(reply, spent))

    async def stream(
        self, caller: Identity, question: Question, request_id: UUID, on_leaving: OnLeaving
    ) -> AsyncIterator[str | Answer]:
        """The texts as they come, then the answer; without it the stream was cut. Raises DomainError."""
        question = await withheld(question)
        restorer = question.restorer()
        key = self._key(caller, question)
        kept = await self._kept(caller, question, request_id, key)
        if kept is not None:
            for text in (*map(restorer.feed, kept.parts), restorer.end()):
                if text:
                    yield text
            yield kept
            return
        try:
            attempt = await self.asking.message(
                question.purpose(caller, request_id),
                to_wire(question.body, stream=True),
                self.asking.ends_at(),
                question.max_tokens,
                stream=True,
            )
            on_leaving(attempt.abandon)
            try:
                async for piece in attempt.texts():
                    if text := restorer.feed(piece):
                        yield text
                if rest := restorer.end():
                    yield rest
                reply = attempt.whole()
            finally:
                await attempt.close()
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        await attempt.receipt()
        _check_whole(question, reply)
        if question.problem(reply.text):
            raise errors.off_schema()
        await self._keep(question, key, reply)
        yield _answer(reply, attempt.spent)

    async def count_tokens(self, caller: Identity, question: Question, request_id: UUID) -> int:
        """The prompt's size as Claude counts it. Raises DomainError."""
        question = await withheld(question)
        body = {name: value for name, value in question.body.items() if name in _COUNTED}
        try:
            attempt = await self.asking.token_count(
                question.purpose(caller, request_id), to_wire(body, stream=False), self.asking.ends_at()
            )
            try:
                counted = _input_tokens(await attempt.body())
                attempt.answered()
            finally:
                await attempt.close()
        except ClaudeError as fault:
            raise errors.of_fault(fault) from fault
        return counted

    async def _conforming(
        self, caller: Identity, question: Question, request_id: UUID
    ) -> tuple[Reply, Spent]:
        """A reply that keeps the schema, if need be at the second asking; both are paid."""
        ends_at = self.asking.ends_at()
        reply, spent = await self._asked(caller, question, request_id, ends_at)
        problem = question.problem(reply.text)
        if problem is None:
            return reply, spent
        corrected = question.corrected(reply.text, problem)
        reply, more = await self._asked(caller, corrected, request_id, ends_at)
        if question.problem(reply.text):
            raise errors.off_schema()
        return reply, spent + more

    async def _asked(
        self, caller: Identity, question: Question, request_id: UUID, ends_at: float
    ) -> tuple[Reply, Spent]:
        content = to_wire(question.body, stream=False)
        purpose = question.purpose(caller, request_id)
        attempt = await self.asking.message(purpose, content, ends_at, question.max_tokens)
        try:
            reply = await attempt.reply()
        finally:
            await attempt.close()
        await attempt.receipt()
        _check_whole(question, reply)
        return reply, attempt.spent

    def _key(self, caller: Identity, question: Question) -> CacheKey:
        return key_of(caller.tenant, self.destination, self.api_version, question.body)

    async def _kept(
        self, caller: Identity, question: Question, request_id: UUID, key: CacheKey
    ) -> Answer | None:
        reply = await self.cache.get(key) if question.caching.reads else None
        trace.get_current_span().set_attribute("bloom.ai.cache_hit", reply is not None)
        if reply is None:
            return None
        self.free_answers.note(self._free(caller, question, request_id, reply))
        return _answer(reply, self._saved(question, reply), from_cache=True)

    def _saved(self, question: Question, reply: Reply) -> Spent:
        """Nothing was used and nothing paid; what it would have cost is told."""
        spent = self.prices.spent(reply.tokens, question.model.name, datetime.now(UTC).date())
        return Spent(Tokens(), 0, spent.list_cost)

    def _free(self, caller: Identity, question: Question, request_id: UUID, reply: Reply) -> UsageEvent:
        return UsageEvent(
            datetime.now(UTC),
            caller.tenant,
            request_id,
            question.task,
            question.model.name,
            caller.workload,
            caller.subject,
            cached=True,
            simulated=reply.simulated,
            spent=self._saved(question, reply),
        )

    async def _keep(self, question: Question, key: CacheKey, reply: Reply) -> None:
        if question.caching.writes and reply.stop_reason in _GOOD:
            await self.cache.put(key, reply)


def _whole(question: Question, answer: Answer) -> Answer:
    """With what was withheld; its mark may lie across two parts."""
    return replace(answer, parts=(question.restored("".join(answer.parts)),))


def _check_whole(question: Question, reply: Reply) -> None:
    if reply.stop_reason == "refusal":
        raise errors.refused()
    if question.schema is not None and reply.stop_reason in _CUT_SHORT:
        raise errors.truncated()


def _input_tokens(body: bytes) -> int:
    try:
        return int(json.loads(body)["input_tokens"])
    except (ValueError, KeyError, TypeError) as broken:
        raise ClaudeError(FaultKind.MALFORMED, began=True) from broken


def _answer(reply: Reply, spent: Spent, *, from_cache: bool = False) -> Answer:
    return Answer(
        reply.parts, reply.stop_reason, spent, reply.model, reply.request_id, reply.simulated, from_cache
    )
