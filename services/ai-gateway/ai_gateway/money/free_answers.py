"""Answers from the cache, counted behind the call: a free answer does not wait for a transaction.

What is paid is never written this way. A process that is killed forgets the free answers of its last
moments (`_DELAY_SECONDS`), no money.
"""

import asyncio
import logging
from collections import defaultdict
from uuid import UUID

from ai_gateway.money import store
from ai_gateway.money.usage import UsageEvent
from service_runtime import deadlines
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.ai.money")
_DELAY_SECONDS = 0.05
_WRITE_SECONDS = 5.0
# With the database away this many are kept for its return; at about 500 bytes each.
_MOST = 20_000


class FreeAnswers:
    """Gathers and writes; `flush` before reading sums, and at the end."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._waiting: dict[UUID, list[UsageEvent]] = defaultdict(list)
        self._count = 0
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def note(self, event: UsageEvent) -> None:
        """Counts one answer, soon."""
        if self._count >= _MOST:
            _log.error("too many free answers wait for the database; one is not counted")
            return
        self._waiting[event.org_id].append(event)
        self._count += 1
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_soon())

    async def flush(self) -> None:
        """Returns when everything noted before is in the database, or could not be written."""
        async with self._writing:
            token = deadlines.set_remaining(deadlines.remaining(_WRITE_SECONDS))
            waiting, self._waiting, self._count = self._waiting, defaultdict(list), 0
            try:
                for org_id, events in waiting.items():
                    await self._write(org_id, events)
            finally:
                deadlines.reset(token)

    async def close(self) -> None:
        """Writes what is left."""
        if self._writer is not None:
            self._writer.cancel()
        await self.flush()

    async def _write_soon(self) -> None:
        # The writer outlives the call that started it, whose deadline does not concern it.
        deadlines.set_remaining(_DELAY_SECONDS + _WRITE_SECONDS)
        await asyncio.sleep(_DELAY_SECONDS)
        await self.flush()

    async def _write(self, org_id: UUID, events: list[UsageEvent]) -> None:
        try:
            async with self._postgres.transaction(org_id) as connection:
                await store.note(connection, events)
        except DomainError:
            _log.warning("free answers wait for the database", extra={"events": len(events)})
            self._waiting[org_id] = events + self._waiting[org_id]
            self._count += len(events)
