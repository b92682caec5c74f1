"""The batches one simulator knows, newest last; nothing survives it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime

from claude_simulator.batches.batch import Batch, ItemOutcome
from claude_simulator.changes import Changes
from claude_simulator.problems import RefusalError, invalid

KEPT = 1_000


@dataclass(frozen=True)
class BatchLimits:
    """The most that one batch may hold, in requests and bytes of body; after how many seconds it ends."""

    requests: int = 100_000
    body: int = 256 * 1024 * 1024
    seconds: float = 0.2


@dataclass(frozen=True)
class Page:
    """A part of the list, newest first; `has_more` in the direction that was asked for."""

    batches: list[Batch]
    has_more: bool


class BatchStore:
    """Batches by id, and the work on them."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now`: the time in UTC."""
        self._now = now
        self._batches: dict[str, Batch] = {}
        self._work: set[asyncio.Task[None]] = set()
        self.changes = Changes()

    def add(self, batch: Batch, work: Coroutine[object, object, None]) -> None:
        """Keep a batch and begin to work on it; of too many, those go first that ended first."""
        self._batches[batch.id] = batch
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        if len(self._batches) > KEPT:
            self._forget_one()
        self.changes.tell()

    def find(self, batch_id: str, account: str) -> Batch:
        """A batch of this account, as it stands now; a 404 RefusalError when it has none of that id."""
        batch = self._batches.get(batch_id)
        if batch is None or batch.deleted or batch.account != account:
            raise RefusalError(404, f"Message batch not found: {batch_id}")
        self._expire(batch)
        return batch

    def page(self, account: str, limit: int, after: str | None, before: str | None) -> Page:
        """A page of the account's batches next to a cursor; a 400 RefusalError where that is none of them."""
        newest_first = [
            batch for batch in reversed(self.known()) if batch.account == account and not batch.deleted
        ]
        cursor = before or after
        ids = [batch.id for batch in newest_first]
        if cursor is not None and cursor not in ids:
            raise invalid(f"{'before_id' if before else 'after_id'}: no such batch")
        if before is not None:
            newer = newest_first[: ids.index(before)]
            return Page(newer[-limit:], len(newer) > limit)
        rest = newest_first[ids.index(after) + 1 :] if after is not None else newest_first
        return Page(rest[:limit], len(rest) > limit)

    def known(self) -> list[Batch]:
        """All of them as they stand now, oldest first, also what was deleted."""
        for batch in self._batches.values():
            self._expire(batch)
        return list(self._batches.values())

    async def wait_for(self, status: str | None, count: int, patience: float) -> list[Batch]:
        """Those of a status, oldest first, once there are so many or `patience` seconds have passed."""
        await self.changes.until(lambda: len(self._with(status)) >= count, patience)
        return self._with(status)

    async def clear(self) -> None:
        """Forget all of them and stop the work on them."""
        self._batches.clear()
        work = list(self._work)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    def _with(self, status: str | None) -> list[Batch]:
        return [batch for batch in self.known() if status in (None, batch.status)]

    def _expire(self, batch: Batch) -> None:
        if batch.ended_at is None and self._now() >= batch.expires_at:
            batch.end(batch.expires_at, ItemOutcome.EXPIRED)

    def _forget_one(self) -> None:
        ended = next((batch for batch in self._batches.values() if batch.ended_at is not None), None)
        if ended is not None:
            del self._batches[ended.id]
