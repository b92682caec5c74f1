"""The job queue in PostgreSQL (pgqueuer): enqueued in the caller's transaction, or not at all."""

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.domain.errors import FailingListenerError
from pgqueuer.domain.types import HealthCheckId
from pgqueuer.models import Job as QueuedJob
from pgqueuer.models import TracebackRecord
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.queries import Queries

from service_runtime.postgres import Connection

_log = logging.getLogger("bloom.queue")

ANALYZE = "analyze"
IMPORT = "import"
EXPORT = "export"

# Behind what people ask for one by one.
BULK = -10

# What asyncpg raises while PostgreSQL is away or comes back.
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
_ASK_AGAIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Job:
    """Which operation to work on, and in whose rows it stands."""

    org_id: UUID
    operation_id: UUID

    def to_bytes(self) -> bytes:
        """As the queue keeps it."""
        return json.dumps({"org_id": str(self.org_id), "operation_id": str(self.operation_id)}).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Job":
        """Raises ValueError or KeyError for what `to_bytes` did not write."""
        fields = json.loads(payload)
        return cls(UUID(fields["org_id"]), UUID(fields["operation_id"]))


class Payload(Protocol):
    """What a job tells its worker."""

    def to_bytes(self) -> bytes:
        """As the queue keeps it."""
        ...


async def enqueue(
    connection: Connection, job: Payload, entrypoint: str = ANALYZE, *, priority: int = 0
) -> None:
    """Adds the job when the transaction commits; those of a higher priority go first, then the older ones."""
    queries = Queries(AsyncpgDriver(connection))  # type: ignore[arg-type]
    await queries.enqueue(entrypoint, job.to_bytes(), priority)


async def follow(
    pool: "asyncpg.Pool[asyncpg.Record]",
    work: Callable[[QueuedJob], Awaitable[None]],
    *,
    heartbeat: timedelta,
    parallel: int,
    stopping: asyncio.Event,
    entrypoint: str = ANALYZE,
) -> None:
    """Gives each job of the entrypoint to `work`, `parallel` at once, until `stopping`.

    Then it waits for those under way. When PostgreSQL was away, the queue is followed anew. A job whose
    heartbeat is stale is anybody's.
    """
    while not stopping.is_set():
        driver = PatientDriver(pool)
        queuer = PgQueuer(driver, queries=PatientQueries(driver))
        # A job that failed in a way nobody foresaw is held, not deleted: its operation is still open.
        queuer.entrypoint(entrypoint, on_failure="hold")(work)
        stop = asyncio.create_task(_then(stopping, queuer.shutdown))
        try:
            await queuer.run(
                dequeue_timeout=heartbeat / 2,
                batch_size=1,
                max_concurrent_tasks=max(2, parallel),
                shutdown_on_listener_failure=True,
                heartbeat_timeout=heartbeat,
            )
        except (*_AWAY, FailingListenerError) as away:
            _log.warning("the queue is followed anew: %s", type(away).__name__)
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
        finally:
            stop.cancel()


async def _then(happened: asyncio.Event, then: asyncio.Event) -> None:
    await happened.wait()
    then.set()


class PatientDriver(AsyncpgPoolDriver):
    """Tells when it listens."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        super().__init__(pool)
        self.listens = asyncio.Event()

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await super().add_listener(channel, callback)
        self.listens.set()


class PatientQueries(Queries):
    """pgqueuer's statements, two of them patient."""

    driver: PatientDriver

    async def retry_job(
        self, job: QueuedJob, delay: timedelta, traceback_record: TracebackRecord | None
    ) -> None:
        """Waits for PostgreSQL: pgqueuer gives up a job for good when it cannot be put back at once."""
        while True:
            try:
                return await super().retry_job(job, delay, traceback_record)
            except _AWAY:
                await asyncio.sleep(_ASK_AGAIN_SECONDS)

    async def notify_health_check(self, health_check_event_id: HealthCheckId) -> None:
        """Probes a listener that listens: a probe sent before that is never heard, and ends the worker."""
        await self.driver.listens.wait()
        await super().notify_health_check(health_check_event_id)


async def install(database_url: str) -> None:
    """Makes or upgrades the queue's own tables, as the owner of the database. Part of every migration."""
    connection = await asyncpg.connect(database_url)
    try:
        queries = Queries(AsyncpgDriver(connection))
        installed = await connection.fetchval("SELECT to_regclass('pgqueuer') IS NOT NULL")
        await (queries.upgrade() if installed else queries.install())
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(install(sys.argv[1]))
