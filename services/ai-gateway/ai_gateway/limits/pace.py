"""Keeps calls under Claude's rate limits before a 429 says so: who does not fit waits for a turn, or goes.

Known are the levels of the last answers, less what is under way. Replicas tell each other through a board, in
the background and a few times a second; between two looks each goes by what it knows.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

from ai_gateway.limits.board import Board
from ai_gateway.limits.fair_queue import FairQueue, Waiter
from ai_gateway.limits.headers import levels
from ai_gateway.limits.model_pace import NO_LOAD, Knowledge, Load
from ai_gateway.limits.refused import Limit, Priority, RefusedError, Use

_EXCHANGE_SECONDS = 0.1
# Nothing is looked at more often than this, however little is missing.
_SHORTEST_NAP_SECONDS = 0.01
_MOST_WAITING = 5_000
_MOST_RETRY_SECONDS = 120.0


@dataclass(slots=True, eq=False)
class Going:
    """A call that was let go."""

    model: str
    estimate: Use
    load: Load  # what of it is still counted as under way
    number: int = field(default_factory=count().__next__)


@dataclass(slots=True, eq=False)
class _Turn(Waiter):
    load: Load


class _Model:
    """Of one model: what is known, and who waits."""

    def __init__(self, queue: FairQueue[_Turn]) -> None:
        self.known = Knowledge()
        self.queue = queue
        self.waiting = NO_LOAD
        self.nap: asyncio.TimerHandle | None = None
        self.exchange_at = float("-inf")


class Pace:
    """Of all models, of which there are as many as the catalogue has."""

    def __init__(
        self,
        board: Board,
        bulk_share: float = 0.1,
        weights: Mapping[UUID, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], float] = time.time,
    ) -> None:
        """`clock`: monotonic seconds; `today`: POSIX time, as the headers have it."""
        self._board = board
        self._bulk_share = bulk_share
        self._weights = weights
        self._clock = clock
        self._today = today
        self._models: dict[str, _Model] = {}
        self._exchanges: set[asyncio.Task[None]] = set()

    async def enter(self, model: str, org_id: UUID, priority: Priority, estimate: Use, until: float) -> Going:
        """Waits until Claude will take the call. Raises RefusedError when that is not to be by `until`."""
        state, now = self._of(model), self._clock()
        load = state.known.expected(estimate)
        if state.queue.waiting or state.known.wait(now, load):
            await self._turn(state, org_id, priority, load, until)
        else:
            state.known.under_way += load
        self._exchange(model, state)
        return Going(model, estimate, load)

    def hear(self, going: Going, headers: Mapping[str, str], retry_after: float | None = None) -> None:
        """What Claude says of its limits, as soon as the head of an answer, or a refusal, has come."""
        state, now = self._of(going.model), self._clock()
        found = levels(headers, self._today())
        if found:
            # Claude has counted the request now; of the output not yet.
            self._lift(state, going, Load(going.load.requests, going.load.input))
            state.known.hear(found, now, going.number)
        if retry_after is not None:
            until = now + min(retry_after, _MOST_RETRY_SECONDS)
            state.known.close(until, now)
        self._exchange(going.model, state)
        self._let_go(state)

    def leave(self, going: Going, used: Use | None) -> None:
        """The call has ended; `used` where it is known."""
        state = self._of(going.model)
        self._lift(state, going, going.load)
        if used is not None:
            state.known.learn(going.estimate, used)
        self._let_go(state)

    async def close(self) -> None:
        """Tells the others no more."""
        for state in self._models.values():
            if state.nap is not None:
                state.nap.cancel()
        for exchange in self._exchanges:
            exchange.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)

    def waiting(self) -> dict[str, int]:
        """Calls that wait, by model; for the metrics."""
        return {name: state.queue.waiting for name, state in self._models.items()}

    def _of(self, model: str) -> _Model:
        state = self._models.get(model)
        if state is None:
            state = self._models[model] = _Model(FairQueue(self._bulk_share, self._weights))
        return state

    async def _turn(self, state: _Model, org_id: UUID, priority: Priority, load: Load, until: float) -> None:
        self._check(state, org_id, priority, load, until)
        ready = asyncio.get_running_loop().create_future()
        turn = _Turn(org_id, priority, _cost(load), ready, load)
        state.queue.push(turn)
        state.waiting += load
        self._let_go(state)
        try:
            async with asyncio.timeout(until - self._clock()):
                await ready
        except BaseException as left:
            self._forget(state, turn)
            if isinstance(left, TimeoutError):
                wait = state.known.wait(self._clock(), load, self._ahead(state, org_id, priority, load))
                raise RefusedError(Limit.UPSTREAM_PACE, max(wait, _SHORTEST_NAP_SECONDS)) from None
            raise

    def _check(self, state: _Model, org_id: UUID, priority: Priority, load: Load, until: float) -> None:
        now = self._clock()
        wait = state.known.wait(now, load, self._ahead(state, org_id, priority, load))
        # As in the lanes: one organization may take half of the places, the next half of the rest.
        full = state.queue.own(org_id, priority) >= _MOST_WAITING - state.queue.waiting
        if full or wait > until - now:
            raise RefusedError(Limit.UPSTREAM_PACE, max(wait, _SHORTEST_NAP_SECONDS))

    def _ahead(self, state: _Model, org_id: UUID, priority: Priority, load: Load) -> Load:
        """Of all that wait the part that comes before such a call."""
        if not state.queue.waiting:
            return NO_LOAD
        part = state.queue.before(org_id, priority, _cost(load)) / max(1.0, _cost(state.waiting))
        waiting = state.waiting
        return Load(waiting.requests * part, waiting.input * part, waiting.output * part)

    def _let_go(self, state: _Model) -> None:
        """All whose turn it is and who fit; for the first who does not, a nap."""
        while (turn := state.queue.head()) is not None:
            gone = turn.ready.done()
            wait = 0.0 if gone else state.known.wait(self._clock(), turn.load)
            if wait:
                self._nap(state, wait)
                break
            state.queue.pop()
            state.waiting -= turn.load
            if not gone:
                state.known.under_way += turn.load
                turn.ready.set_result(None)
        if not state.queue.waiting:
            state.waiting = NO_LOAD

    def _nap(self, state: _Model, seconds: float) -> None:
        if state.nap is not None:
            state.nap.cancel()
        seconds = max(seconds, _SHORTEST_NAP_SECONDS)
        state.nap = asyncio.get_running_loop().call_later(seconds, self._let_go, state)

    def _forget(self, state: _Model, turn: _Turn) -> None:
        if turn.ready.done() and not turn.ready.cancelled():
            # Its turn came at the moment in which it went.
            state.known.under_way -= turn.load
        elif state.queue.discard(turn):
            state.waiting -= turn.load
        self._let_go(state)

    def _lift(self, state: _Model, going: Going, load: Load) -> None:
        going.load -= load
        state.known.under_way -= load

    def _exchange(self, model: str, state: _Model) -> None:
        now = self._clock()
        if self._board.quiet or now < state.exchange_at:
            return
        state.exchange_at = now + _EXCHANGE_SECONDS
        task = asyncio.create_task(self._exchanged(model, state))
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)

    async def _exchanged(self, model: str, state: _Model) -> None:
        await self._board.exchange(model, state.known, self._clock)
        self._let_go(state)


def _cost(load: Load) -> float:
    """Of a turn: tokens, so that an organization of large calls gets fewer of them."""
    return load.requests + load.input + load.output
