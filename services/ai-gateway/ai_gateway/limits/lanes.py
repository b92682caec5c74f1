"""How many calls this process has under way; the others wait for their fair turn, or are refused at once."""

import asyncio
import time
from collections.abc import Callable, Mapping
from uuid import UUID

from ai_gateway.limits.fair_queue import FairQueue, Waiter
from ai_gateway.limits.refused import Limit, Priority, RefusedError

# Of the newest call in the mean time that a call takes.
_NEWEST = 0.05
_SHORTEST_RETRY_SECONDS = 0.1
_SLOT = 1.0


class Lanes:
    """While there is room a call costs a counter. Nobody waits while there is room."""

    def __init__(
        self,
        capacity: int = 500,
        most_waiting: int = 5_000,
        bulk_share: float = 0.1,
        weights: Mapping[UUID, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._most_waiting = most_waiting
        self._queue: FairQueue[Waiter] = FairQueue(bulk_share, weights)
        self._clock = clock
        self._active = 0
        self._mean_seconds = 0.0
        self._moved_at = clock()  # when the last call left while the lanes were full, or they became full

    @property
    def active(self) -> int:
        """Calls under way."""
        return self._active

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return self._queue.waiting

    def check(self, org_id: UUID, priority: Priority, until: float) -> None:
        """Raises RefusedError OVERLOADED when a call that comes now would not have its turn by `until`."""
        if self._active < self._capacity:
            return
        # One organization may take half of the places, the next half of the rest: the queue ends somewhere,
        # and there is always a place for one that has none.
        full = self._queue.own(org_id, priority) >= self._most_waiting - self._queue.waiting
        now = self._clock()
        wait = self._expected_wait(org_id, priority, now)
        if full or wait > until - now:
            raise RefusedError(Limit.OVERLOADED, max(wait, _SHORTEST_RETRY_SECONDS))

    async def enter(self, org_id: UUID, priority: Priority, until: float) -> float:
        """Waits for a turn; when it came, for `leave`. Raises RefusedError. Times on the clock."""
        if self._active < self._capacity:
            self._active += 1
            now = self._clock()
            if self._active == self._capacity:
                self._moved_at = now
            return now
        self.check(org_id, priority, until)
        waiter = Waiter(org_id, priority, _SLOT, asyncio.get_running_loop().create_future())
        self._queue.push(waiter)
        try:
            async with asyncio.timeout(until - self._clock()):
                await waiter.ready
        except BaseException as left:
            self._forget(waiter)
            if isinstance(left, TimeoutError):
                wait = self._expected_wait(org_id, priority, self._clock())
                raise RefusedError(Limit.OVERLOADED, max(wait, _SHORTEST_RETRY_SECONDS)) from None
            raise
        return self._clock()

    def leave(self, entered: float) -> None:
        """The call has ended. Exactly once for each that entered."""
        now = self._clock()
        # The first calls count more, so that the mean does not start from nothing.
        newest = _NEWEST if self._mean_seconds else 1.0
        self._mean_seconds += (now - entered - self._mean_seconds) * newest
        self._moved_at = now
        self._pass_on()

    def _forget(self, waiter: Waiter) -> None:
        if waiter.ready.done() and not waiter.ready.cancelled():
            # Its turn came at the moment in which it went.
            self._pass_on()
        else:
            self._queue.discard(waiter)

    def _pass_on(self) -> None:
        """Hands a slot to the next; a cancelled one, whose task has not yet run, is no next."""
        while (waiter := self._queue.pop()) is not None:
            if not waiter.ready.done():
                waiter.ready.set_result(None)
                return
        self._active -= 1

    def _expected_wait(self, org_id: UUID, priority: Priority, now: float) -> float:
        """By the mean time of a call; when none has left for longer, they all take longer."""
        if self._active < self._capacity:
            return 0.0
        stalled = now - self._moved_at
        turns = self._queue.before(org_id, priority, _SLOT) + _SLOT
        wait = turns * max(self._mean_seconds, stalled) / self._capacity
        return max(wait, stalled) if stalled > self._mean_seconds else wait
