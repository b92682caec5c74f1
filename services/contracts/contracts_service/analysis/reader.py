"""Has Claude read a document, question by question and part by part, and keeps each answer as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bloom.ai.v1 import ai_pb2, ai_service_pb2, ai_service_pb2_grpc
from contracts_service.analysis.faults import off_schema
from contracts_service.analysis.halving import halves, together
from contracts_service.analysis.plan import Ask
from contracts_service.fields import AnswerOutsideSchemaError
from contracts_service.operations.model import GroupResult
from service_runtime import deadlines
from service_runtime.clients import answers_of
from service_runtime.errors import DomainError, Reason

# Claude's own timeout is the AI gateway's; this one only ends a call that hangs between the services.
_CALL_SECONDS = 180.0
# A part becomes at most eight: what is still too long then is no list of a contract.
_MOST_HALVINGS = 3

Keep = Callable[[GroupResult], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks through the AI gateway, for the identity of the current task."""

    ai: ai_service_pb2_grpc.AiServiceAsyncStub
    parallel: int

    async def read(self, title: str, text: str, asks: Sequence[Sequence[Ask]], keep: Keep) -> None:
        """Asks everything, by part. Raises DomainError for the first that fails.

        What the others answer is kept all the same, so that the next attempt asks only for what is missing.
        Cancelled, it ends the calls that are under way.
        """
        slots = asyncio.Semaphore(self.parallel)

        async def ask(one: Ask) -> None:
            async with slots:
                await keep(await self._ask(one, title, text))

        async def ask_part(of_part: Sequence[Ask]) -> None:
            # The first answer writes the part into Claude's prompt cache; the others then read it there.
            await ask(of_part[0])
            await _all(ask(one) for one in of_part[1:])

        await _all(ask_part(of_part) for of_part in asks if of_part)

    async def _ask(self, one: Ask, title: str, text: str, halvings: int = 0) -> GroupResult:
        try:
            return await self._asked(one, title, text)
        except DomainError as fault:
            spec = one.question.spec
            cut_short = fault.reason == Reason.ERROR_REASON_AI_ANSWER_TRUNCATED
            if spec is None or not cut_short or halvings == _MOST_HALVINGS:
                raise
        smaller = [await self._ask(half, title, text, halvings + 1) for half in halves(one, text)]
        return together(one, spec, smaller)

    async def _asked(self, one: Ask, title: str, text: str) -> GroupResult:
        answer = await self._generate(one, title, text)
        if is_cached(answer.completion) and not _fits(one, answer.text):
            # The cache keeps what has the form of the schema that all questions share; whether it answers
            # this one is seen only here. Without this it would fail every attempt until it expires.
            answer = await self._generate(one, title, text, ai_service_pb2.CACHE_POLICY_REFRESH)
        done = answer.completion
        return GroupResult(
            group=one.key,
            answer=_acceptable(one, answer.text),
            model=done.model,
            simulated=done.simulated,
            cached=is_cached(answer.completion),
            cost_micro_usd=done.cost_micro_usd,
            prompt_version=one.question.version,
        )

    async def _generate(
        self,
        one: Ask,
        title: str,
        text: str,
        cache: ai_service_pb2.CachePolicy.ValueType = ai_service_pb2.CACHE_POLICY_UNSPECIFIED,
    ) -> ai_service_pb2.GenerateResponse:
        request = ai_service_pb2.GenerateRequest(prompt=one.question.prompt(title, text, one.part))
        request.prompt.cache_policy = cache
        deadlines.set_remaining(_CALL_SECONDS)
        with answers_of("ai-gateway"):
            return await self.ai.Generate(request)


async def _all(work: Any) -> None:
    """Waits for all, then raises what the first raised."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def is_cached(done: ai_service_pb2.Completion) -> bool:
    """Whether the gateway had the answer already."""
    return done.served_from == ai_pb2.SERVED_FROM_CACHE


def _fits(one: Ask, text: str) -> bool:
    try:
        one.question.check(text)
    except AnswerOutsideSchemaError:
        return False
    return True


def _acceptable(one: Ask, text: str) -> str:
    try:
        one.question.check(text)
    except AnswerOutsideSchemaError as outside:
        raise off_schema(str(outside)) from outside
    return text
