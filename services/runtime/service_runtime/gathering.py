"""Work that gathers while the work before it is under way, and is then done all at once.

Alone, a caller waits for nobody. Under load a round trip to the database serves everyone who came during the
one before it: one statement and one wake-up of each process for many calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Waiting = tuple[ItemT, asyncio.Future[ResultT]]


class Gathered(Generic[KeyT, ItemT, ResultT]):
    """`run(key, items)` answers with a result for each item, in their order; one run a key at a time.

    What a run raises, all of its callers get. A caller that leaves takes nothing from the others: a run
    belongs to no call, has no deadline or trace of any, and must end by itself.
    """

    def __init__(
        self, run: Callable[[KeyT, Sequence[ItemT]], Awaitable[Sequence[ResultT]]], *, most: int
    ) -> None:
        self._run = run
        self._most = most
        self._waiting: dict[KeyT, list[Waiting[ItemT, ResultT]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def do(self, key: KeyT, item: ItemT) -> ResultT:
        """The result for this item."""
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = [(item, result)]
            # The first step of a task comes after all that is ready now, which may add to the same run.
            task = asyncio.create_task(self._drain(key), context=Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        else:
            waiting.append((item, result))
        return await result

    async def _drain(self, key: KeyT) -> None:
        try:
            while waiting := self._waiting[key]:
                now, self._waiting[key] = waiting[: self._most], waiting[self._most :]
                # Nobody waits any more for what was cancelled.
                now = [(item, result) for item, result in now if not result.done()]
                if now:
                    await self._settle(key, now)
        finally:
            del self._waiting[key]

    async def _settle(self, key: KeyT, now: Sequence[Waiting[ItemT, ResultT]]) -> None:
        try:
            results = await self._run(key, [item for item, _ in now])
        except Exception as failure:  # noqa: BLE001 each caller gets it, and judges it
            for _, waiter in now:
                if not waiter.done():
                    waiter.set_exception(failure)
            return
        for (_, waiter), result in zip(now, results, strict=True):
            if not waiter.done():
                waiter.set_result(result)
