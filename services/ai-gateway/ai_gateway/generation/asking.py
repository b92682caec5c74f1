"""Asks Claude, again where that can help: each attempt is recorded, and all share one end of time."""

import asyncio
from collections.abc import Sequence
from itertools import count

from ai_gateway import metrics
from ai_gateway.claude.breaker import Breakers
from ai_gateway.claude.faults import ClaudeError
from ai_gateway.claude.retries import Retries
from ai_gateway.egress.record import Purpose
from ai_gateway.generation.attempt import Attempt, Means, Order
from service_runtime import deadlines

MESSAGES = "/v1/messages"
COUNT_TOKENS = "/v1/messages/count_tokens"


class Asking:
    """An answer may take `seconds`, all attempts together; the caller's deadline may be nearer."""

    def __init__(self, means: Means, retries: Retries, breakers: Breakers, seconds: float) -> None:
        self._means = means
        self._retries = retries
        self._breakers = breakers
        self._seconds = seconds

    def ends_at(self) -> float:
        """The end of time of a question that is asked now, on the event loop's clock."""
        return asyncio.get_running_loop().time() + deadlines.for_next_hop(self._seconds)

    async def message(
        self,
        purpose: Purpose,
        content: bytes,
        ends_at: float,
        longest: int,
        *,
        betas: Sequence[str] = (),
        stream: bool = False,
    ) -> Attempt:
        """An attempt whose answer has begun; close it. The answer is of `longest` tokens at most.

        Raises ClaudeError, or DomainError when it was not recorded.
        """
        leaving = self._means.upstream.leaving(MESSAGES, content, betas)
        return await self._opened(Order(purpose, leaving, "chat", ends_at, stream, longest))

    async def token_count(
        self, purpose: Purpose, content: bytes, ends_at: float, *, betas: Sequence[str] = ()
    ) -> Attempt:
        """The same for the counting of tokens, which costs nothing and leaves all the same."""
        leaving = self._means.upstream.leaving(COUNT_TOKENS, content, betas)
        return await self._opened(Order(purpose, leaving, "count_tokens", ends_at))

    async def _opened(self, order: Order) -> Attempt:
        breaker = self._breakers.of(order.purpose.model)
        for number in count(1):
            attempt = Attempt(self._means, order, number)
            try:
                with breaker.watching():
                    await attempt.open()
            except ClaudeError as fault:
                left = order.ends_at - asyncio.get_running_loop().time()
                pause = self._retries.pause(number, fault, left)
                if pause is None:
                    raise
                metrics.retried(order.purpose.model, fault.kind.value)
                await asyncio.sleep(pause)
            else:
                self._retries.answered()
                return attempt
        raise AssertionError("the attempts have an end")
