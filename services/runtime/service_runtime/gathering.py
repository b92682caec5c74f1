"""Work that gathers while the work before it is under way, and is then done all at once.

Alone, a caller waits for nobody. Under load a round trip to the database serves everyone who came during the
one before it: one statement, one commit and one wake-up of each process for many calls.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from service_runtime.errors import DomainError

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class Gathered(Generic[ItemT, ResultT]):
    """`run(items)` gives a result for each item, in their order; it runs once at a time.

    A DomainError (the database is away) is everyone's. Another failure of several together may be the fault
    of one: each is run again alone, which `run` must bear. Who leaves takes nothing from the others: a run
    belongs to no call, has no deadline or trace of any, and must end by itself.
    """

    def __init__(self, run: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT]]], *, most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._drain: asyncio.Task[None] | None = None

    async def do(self, item: ItemT) -> ResultT:
        """The result for this item."""
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._drain is None:
            # The first step of a task comes after all that is ready now, which may join the same run.
            self._drain = asyncio.create_task(self._run_all(), context=Context())
        return await result

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                now, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                # Nobody waits any more for what was cancelled.
                now = [(item, result) for item, result in now if not result.done()]
                if now and not await self._settle(now):
                    for alone in now:
                        await self._settle([alone])
        finally:
            self._drain = None

    async def _settle(self, now: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> bool:
        """Whether every caller has got its outcome."""
        try:
            results = await self._run([item for item, _ in now])
        except Exception as failure:  # noqa: BLE001 whatever it is, a caller gets it
            if len(now) > 1 and not isinstance(failure, DomainError):
                return False
            for _, waiting in now:
                _tell(waiting, failure)
            return True
        for (_, waiting), result in zip(now, results, strict=True):
            if not waiting.done():
                waiting.set_result(result)
        return True


def _tell(waiting: "asyncio.Future[ResultT]", failure: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(failure)
