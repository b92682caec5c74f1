"""Requests and tokens that an organization may use in a minute, whichever replica its calls come to.

A call takes its estimate before, and settles the difference when its use is known. Most find their permits in
the replica's stock; the others, and the stock itself, are fetched with at most one visit to the bucket at a
time. Of a replica that dies its stock is lost: never more was used than was taken, and the bucket refills.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from ai_gateway.limits.buckets import Allowance, Buckets
from ai_gateway.limits.refused import RefusedError
from ai_gateway.limits.stock import Call, Stock

# How long permits may lie in stock unused, and debts unpaid.
_TICK_SECONDS = 0.1
# What one visit decides on, so that no script runs for long.
_MOST_CALLS = 256


class OrgLimits:
    """`overrides`: organizations that have an allowance of their own."""

    def __init__(
        self,
        buckets: Buckets,
        allowance: Allowance,
        overrides: Mapping[UUID, Allowance] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._buckets = buckets
        self._allowance = allowance
        self._overrides = overrides or {}
        self._clock = clock
        # Of organizations that called within the last moments.
        self._stocks: dict[UUID, Stock] = {}
        self._visits: dict[UUID, asyncio.Task[None]] = {}
        self._ticks: dict[UUID, asyncio.TimerHandle] = {}

    async def take(self, org_id: UUID, tokens: int) -> int:
        """Permits for one call; how many tokens were taken. Raises RefusedError.

        A call that is larger than all that may come at once waits for a full bucket, and takes it all.
        """
        stock = self._stocks.get(org_id) or self._open(org_id)
        tokens = max(0, min(tokens, stock.allowance.most_tokens))
        if not stock.take(tokens):
            await self._fetched(org_id, stock, tokens)
        return tokens

    def settle(self, org_id: UUID, taken: int, used: int) -> None:
        """What was taken too much is given back, what was used beyond it is charged."""
        if taken != used:
            self._stock(org_id).return_(0, taken - used)

    def give_back(self, org_id: UUID, taken: int) -> None:
        """The call was not made."""
        self._stock(org_id).return_(1, taken)

    async def close(self) -> None:
        """Pays nothing any more."""
        for tick in self._ticks.values():
            tick.cancel()
        for visit in list(self._visits.values()):
            visit.cancel()
        await asyncio.gather(*self._visits.values(), return_exceptions=True)

    async def _fetched(self, org_id: UUID, stock: Stock, tokens: int) -> None:
        self._check_recent(stock, tokens)
        call = Call(tokens, asyncio.get_running_loop().create_future())
        stock.calls.append(call)
        self._visit(org_id, stock)
        try:
            refusal = await call.answer
        except asyncio.CancelledError:
            answered = call.answer.done() and not call.answer.cancelled()
            if answered and call.answer.exception() is None and call.answer.result() is None:
                self.give_back(org_id, tokens)
            raise
        if refusal is not None:
            # Each its own: whoever raises one hangs a traceback on it.
            raise RefusedError(refusal.limit, refusal.retry_after)

    def _check_recent(self, stock: Stock, tokens: int) -> None:
        """A flood is refused without asking again each time; the bucket is looked at once a tick."""
        refused = stock.refused
        if refused is None or tokens < stock.refused_tokens or stock.calls:
            return
        gone = self._clock() - stock.refused_at
        if gone < min(_TICK_SECONDS, refused.retry_after):
            raise RefusedError(refused.limit, refused.retry_after - gone)
        stock.refused = None

    def _stock(self, org_id: UUID) -> Stock:
        return self._stocks.get(org_id) or self._open(org_id)

    def _open(self, org_id: UUID) -> Stock:
        stock = self._stocks[org_id] = Stock(self._overrides.get(org_id, self._allowance))
        self._wait_for_tick(org_id)
        return stock

    def _wait_for_tick(self, org_id: UUID) -> None:
        self._ticks[org_id] = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick, org_id)

    def _tick(self, org_id: UUID) -> None:
        stock = self._stocks[org_id]
        if stock.tick():
            self._visit(org_id, stock)
        if stock.idle and org_id not in self._visits:
            del self._stocks[org_id], self._ticks[org_id]
        else:
            self._wait_for_tick(org_id)

    def _visit(self, org_id: UUID, stock: Stock) -> None:
        if org_id not in self._visits:
            self._visits[org_id] = asyncio.create_task(self._visit_until_answered(org_id, stock))

    async def _visit_until_answered(self, org_id: UUID, stock: Stock) -> None:
        calls: list[Call] = []
        try:
            while True:
                calls, stock.calls = stock.calls[:_MOST_CALLS], stock.calls[_MOST_CALLS:]
                grant = await self._buckets.visit(org_id, stock.allowance, stock.ask(calls))
                stock.receive(calls, grant, self._clock())
                if not stock.calls:
                    return
        except BaseException as broken:
            # Nobody may wait for an answer that does not come.
            for call in (*calls, *stock.calls):
                if not call.answer.done():
                    call.answer.set_exception(broken)
            stock.calls = []
            raise
        finally:
            del self._visits[org_id]
