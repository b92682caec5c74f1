"""Has Claude read a document, group by group, and keeps each answer as soon as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from bloom.ai.v1 import ai_pb2, ai_service_pb2, ai_service_pb2_grpc
from contracts_service.analysis.faults import off_schema
from contracts_service.fields import GROUPS, AnswerOutsideSchemaError, parse_group_answer
from contracts_service.operations.model import GroupResult
from contracts_service.prompts import extraction
from service_runtime import deadlines
from service_runtime.clients import answers_of

# Claude's own timeout is the AI gateway's; this one only ends a call that hangs between the services.
_CALL_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Reader:
    """Asks through the AI gateway, for the identity of the current task."""

    ai: ai_service_pb2_grpc.AiServiceAsyncStub
    parallel: int

    async def read(
        self,
        title: str,
        text: str,
        answered: Sequence[GroupResult],
        keep: Callable[[GroupResult], Coroutine[Any, Any, None]],
    ) -> None:
        """Asks for every group that is not answered. Raises DomainError for the first that fails.

        What the others answer is kept all the same, so that the next attempt asks only for what is missing.
        """
        missing = [group for group in GROUPS if group not in {result.group for result in answered}]
        slots = asyncio.Semaphore(self.parallel)

        async def ask(group: str) -> None:
            async with slots:
                await keep(await self._ask(group, title, text))

        if missing:
            # The first answer writes the document into Claude's prompt cache; the others then read it there.
            await ask(missing[0])
        outcomes = await asyncio.gather(*(ask(group) for group in missing[1:]), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _ask(self, group: str, title: str, text: str) -> GroupResult:
        answer = await self._generate(group, title, text)
        if _cached(answer) and not _fits(group, answer.text):
            # The cache keeps what has the form of the schema that all groups share; whether it answers this
            # group's fields is seen only here. Without this it would fail every attempt until it expires.
            answer = await self._generate(group, title, text, ai_service_pb2.CACHE_POLICY_REFRESH)
        done = answer.completion
        return GroupResult(
            group=group,
            answer=_acceptable(group, answer.text),
            model=done.model,
            simulated=done.simulated,
            cached=_cached(answer),
            cost_micro_usd=done.cost_micro_usd,
            prompt_version=extraction.VERSION,
        )

    async def _generate(
        self,
        group: str,
        title: str,
        text: str,
        cache: ai_service_pb2.CachePolicy.ValueType = ai_service_pb2.CACHE_POLICY_UNSPECIFIED,
    ) -> ai_service_pb2.GenerateResponse:
        request = ai_service_pb2.GenerateRequest(prompt=extraction.prompt(group, title, text))
        request.prompt.cache_policy = cache
        deadlines.set_remaining(_CALL_SECONDS)
        with answers_of("ai-gateway"):
            return await self.ai.Generate(request)


def _cached(answer: ai_service_pb2.GenerateResponse) -> bool:
    return answer.completion.served_from == ai_pb2.SERVED_FROM_CACHE


def _fits(group: str, text: str) -> bool:
    try:
        parse_group_answer(group, text)
    except AnswerOutsideSchemaError:
        return False
    return True


def _acceptable(group: str, text: str) -> str:
    try:
        parse_group_answer(group, text)
    except AnswerOutsideSchemaError as outside:
        raise off_schema(str(outside)) from outside
    return text
