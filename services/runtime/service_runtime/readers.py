"""Lone reads: one statement, one round trip to PostgreSQL.

A transaction says BEGIN with its organization, the statement, COMMIT. A lone SELECT needs of these only the
organization, so the connections here keep the one that they were told, and are told anew before they read for
another. Their sessions are read-only, and nothing else ever uses them.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:  # generic in the stubs only
    RawConnection = asyncpg.Connection[asyncpg.Record]
else:
    RawConnection = asyncpg.Connection

_CLOSE_SECONDS = 5.0


@dataclass(slots=True)
class _Told:
    connection: RawConnection
    # None while it is not certain.
    org_id: UUID | None = None


class ReadConnections:
    """At most `size`, each opened by `connect` when it is first needed."""

    def __init__(self, connect: Callable[[], Awaitable[RawConnection]], size: int) -> None:
        self._connect = connect
        self._places = asyncio.Semaphore(size)
        self._idle: list[_Told] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def fetch(self, org_id: UUID, query: str, arguments: tuple[Any, ...]) -> list[asyncpg.Record]:
        """The rows that this organization may see."""
        async with self._places:
            told = self._idle_for(org_id) or _Told(await self._connect())
            try:
                if told.org_id != org_id:
                    told.org_id = None
                    await told.connection.execute(f"SET app.org_id = '{org_id}'")
                    told.org_id = org_id
                rows = await told.connection.fetch(query, *arguments)
            except asyncpg.PostgresError:
                self._idle.append(told)
                raise
            except BaseException:
                # Cancelled, perhaps in the middle of an answer, or lost.
                ending = asyncio.create_task(_end(told.connection))
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
                raise
            self._idle.append(told)
            return rows

    def terminate(self) -> None:
        """Ends the connections that nobody uses."""
        while self._idle:
            self._idle.pop().connection.terminate()

    def _idle_for(self, org_id: UUID) -> _Told | None:
        """One that was told this organization already, or else the one that was idle for longest."""
        while self._idle:
            newest_first = range(len(self._idle) - 1, -1, -1)
            told = self._idle.pop(
                next((place for place in newest_first if self._idle[place].org_id == org_id), 0)
            )
            if not told.connection.is_closed():
                return told
        return None


async def _end(connection: RawConnection) -> None:
    """The driver cancels on the server what was cancelled here, and closing waits for that."""
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        await connection.close(timeout=_CLOSE_SECONDS)
