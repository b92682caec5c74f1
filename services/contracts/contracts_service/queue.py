"""The job queue in PostgreSQL (pgqueuer): enqueued in the caller's transaction, or not at all."""

import asyncio
import json
import sys
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from service_runtime.postgres import Connection

ANALYZE = "analyze"


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


async def enqueue(connection: Connection, job: Job) -> None:
    """Adds the job when the transaction commits."""
    await Queries(AsyncpgDriver(connection)).enqueue(ANALYZE, job.to_bytes())  # type: ignore[arg-type]


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
