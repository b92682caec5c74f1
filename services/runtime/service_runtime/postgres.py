"""PostgreSQL: a pool, and transactions that belong to one organization.

Row-level security is forced on every tenant table and reads `app.org_id`, which is set here with SET LOCAL:
it ends with the transaction, so a connection that goes back to the pool belongs to nobody. Lone reads have
connections of their own (`readers`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import grpc

from service_runtime import deadlines
from service_runtime.errors import DomainError, Reason, deadline_exceeded, unavailable
from service_runtime.readers import RawConnection, ReadConnections

if TYPE_CHECKING:  # generic in the stubs only
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy

# A transaction outside of any call (a job, the relay) ends by then.
_BACKGROUND_SECONDS = 30.0
_ACQUIRE_SECONDS = 5.0
_CALL_SECONDS = 10.0


class Postgres:
    """One pool, and the readers. Build it with `Postgres.connect`, give it back with `close`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", readers: ReadConnections) -> None:
        self.pool = pool
        self._readers = readers

    @classmethod
    async def connect(cls, url: str, *, size: int) -> "Postgres":
        """Opens the pool. Raises DomainError DEPENDENCY_UNAVAILABLE when the server does not answer."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=min(2, size),
                max_size=size,
                init=_prepare,
                reset=_keep,
                timeout=_ACQUIRE_SECONDS,
            )
        except (OSError, asyncpg.PostgresError, TimeoutError) as down:
            raise unavailable("postgresql") from down
        return cls(pool, ReadConnections(partial(_reader, url), size))

    async def close(self) -> None:
        """Waits for running transactions, up to five seconds."""
        try:
            async with asyncio.timeout(5):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()
        self._readers.terminate()

    def reader(self, org_id: UUID) -> "Reader":
        """For lone SELECTs among the rows of `org_id`: each sees what is committed when it begins."""
        return Reader(self._readers, org_id)

    async def call(self, function: str, *arguments: Any) -> list[asyncpg.Record]:
        """A statement that is a transaction by itself: a call of a function that takes its organization."""
        seconds = deadlines.remaining(_CALL_SECONDS)
        with _driver_errors(), _lost_connections():
            async with self.pool.acquire(timeout=min(seconds, _ACQUIRE_SECONDS)) as connection:
                return await connection.fetch(function, *arguments, timeout=seconds)

    @asynccontextmanager
    async def transaction(self, org_id: UUID, **settings: UUID) -> AsyncIterator[Connection]:
        """A transaction in which only rows of `org_id` exist. `settings` become further `app.*` names."""
        local = "".join(f"SET LOCAL app.{name} = '{value}';" for name, value in settings.items())
        async with self._begun(f"SET LOCAL app.org_id = '{org_id}';{local}") as connection:
            yield connection

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[Connection]:
        """A transaction of no organization: tenant tables look empty in it, and refuse every write."""
        async with self._begun("") as connection:
            yield connection

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[Connection]:
        """For the outbox relay alone: it sees the outbox of all organizations, and nothing else of theirs."""
        async with self._begun("SET LOCAL app.relay = 'on';") as connection:
            yield connection

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[Connection]:
        """For what looks after leftovers of all organizations: it sees what policies show a sweep."""
        async with self._begun("SET LOCAL app.sweep = 'on';") as connection:
            yield connection

    @asynccontextmanager
    async def _begun(self, local: str) -> AsyncIterator[Connection]:
        seconds = deadlines.remaining(_BACKGROUND_SECONDS)
        if seconds <= 0:
            raise deadline_exceeded()
        # One round trip. The values are UUIDs and integers, so nothing needs quoting.
        begin = f"BEGIN;{local}SET LOCAL statement_timeout = {int(seconds * 1000) + 1}"
        with _driver_errors():
            async with AsyncExitStack() as stack:
                with _lost_connections():
                    acquired = self.pool.acquire(timeout=min(seconds, _ACQUIRE_SECONDS))
                    connection = await stack.enter_async_context(acquired)
                    await connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    await asyncio.shield(_roll_back(connection))
                    raise
                with _lost_connections():
                    await connection.execute("COMMIT")


@asynccontextmanager
async def back_out_of_refusals(connection: Connection) -> AsyncIterator[None]:
    """What the block wrote before it was refused is not written; the transaction goes on."""
    await connection.execute("SAVEPOINT refusable")
    try:
        yield
    except DomainError:
        await connection.execute("ROLLBACK TO SAVEPOINT refusable")
        raise
    await connection.execute("RELEASE SAVEPOINT refusable")


async def go_on_as(connection: Connection, org_id: UUID) -> None:
    """The transaction goes on among the rows of another organization, for what is one change in several."""
    await connection.execute("SELECT set_config('app.org_id', $1, true)", str(org_id))


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads like a connection, without a transaction around it."""

    connections: ReadConnections
    org_id: UUID

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """All rows."""
        with _driver_errors(), _lost_connections():
            return await self.connections.fetch(self.org_id, query, arguments)

    async def fetchrow(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row; None where there is none."""
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None


Reads = Connection | Reader


@contextmanager
def _driver_errors() -> Iterator[None]:
    """The driver's own errors, also those of the statements inside, as what the caller may see."""
    try:
        yield
    except asyncpg.QueryCanceledError as late:
        raise deadline_exceeded() from late
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.OperatorInterventionError,
    ) as down:
        raise unavailable("postgresql") from down
    except asyncpg.TooManyConnectionsError as full:
        raise _overloaded() from full


@contextmanager
def _lost_connections() -> Iterator[None]:
    """Around our own statements only: an OSError of the block inside is somebody else's."""
    try:
        yield
    except (OSError, TimeoutError) as down:
        raise unavailable("postgresql") from down


async def _roll_back(connection: Connection) -> None:
    if not connection.is_closed():
        try:
            await connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            connection.terminate()


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=_to_json, decoder=json.loads)


def _to_json(value: object) -> str:
    """Ours are mappings and lists; a string is JSON already, from a library that shares our transaction."""
    return value if isinstance(value, str) else json.dumps(value)


async def _reader(url: str) -> RawConnection:
    limits = {
        "default_transaction_read_only": "on",
        "statement_timeout": str(int(_BACKGROUND_SECONDS * 1000)),
    }
    connection = await asyncpg.connect(url, timeout=_ACQUIRE_SECONDS, server_settings=limits)
    await _prepare(connection)
    return connection


async def _keep(_connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Instead of asyncpg's reset query, a round trip for each transaction: everything we set is LOCAL."""


def _overloaded() -> DomainError:
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.ERROR_REASON_OVERLOADED, "The database is busy. Try again."
    )
