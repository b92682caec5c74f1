"""Which runner works on which batch. A lease has a token: who lost it cannot write any more."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from ai_gateway.batches.batch import KEPT, Lease, LeaseLostError, Work
from service_runtime.postgres import Connection, Postgres

_REMOVED_AT_ONCE = 100


async def take(postgres: Postgres, seconds: float) -> Lease | None:
    """The batch that has been due for longest and that nobody works on; None where there is none."""
    async with postgres.sweeping() as connection:
        row = await connection.fetchrow(
            """UPDATE batches SET lease = $1, leased_until = now() + $2::interval
               WHERE (org_id, id) = (
                   SELECT org_id, id FROM batches
                   WHERE ended_at IS NULL AND due_at <= now() AND leased_until < now()
                   ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
               ) RETURNING org_id, id, lease""",
            uuid4(), timedelta(seconds=seconds),
        )  # fmt: skip
    return Lease(row["org_id"], row["id"], row["lease"]) if row is not None else None


@asynccontextmanager
async def held(postgres: Postgres, lease: Lease) -> AsyncIterator[Connection]:
    """A transaction during which nobody else can get the batch. Raises LeaseLostError."""
    async with postgres.transaction(lease.org_id) as connection:
        mine = await connection.fetchval(
            "SELECT true FROM batches WHERE org_id = $1 AND id = $2 AND lease = $3 FOR UPDATE",
            lease.org_id, lease.batch_id, lease.token,
        )  # fmt: skip
        if not mine:
            raise LeaseLostError
        yield connection


async def renew(postgres: Postgres, lease: Lease, seconds: float) -> None:
    """Work on it takes longer. Raises LeaseLostError."""
    async with held(postgres, lease) as connection:
        await connection.execute(
            "UPDATE batches SET leased_until = now() + $3::interval WHERE org_id = $1 AND id = $2",
            lease.org_id, lease.batch_id, timedelta(seconds=seconds),
        )  # fmt: skip


async def release(postgres: Postgres, work: Work, *, seconds: float, quiet: int) -> None:
    """It is due again after so many; at once when its cancelling was asked for meanwhile."""
    async with held(postgres, work.lease) as connection:
        await connection.execute(
            """UPDATE batches SET lease = NULL, leased_until = '-infinity', quiet = $3,
                   due_at = CASE WHEN cancel_asked_at IS NOT NULL AND NOT $4 THEN now() ELSE now() + $5 END
               WHERE org_id = $1 AND id = $2""",
            work.lease.org_id, work.lease.batch_id, quiet, work.cancelling, timedelta(seconds=seconds),
        )  # fmt: skip


async def taken(postgres: Postgres, upstream_ids: Sequence[str]) -> set[str]:
    """Those of Claude's batches that are some part already, of whatever organization."""
    async with postgres.sweeping() as connection:
        rows = await connection.fetch(
            "SELECT upstream_id FROM batch_parts WHERE upstream_id = ANY($1::text[])", list(upstream_ids)
        )
    return {row["upstream_id"] for row in rows}


async def remove_old(postgres: Postgres) -> int:
    """Batches whose time is over, with their items; how many they were."""
    async with postgres.sweeping() as connection:
        old = await connection.fetch(
            """SELECT org_id, id FROM batches
               WHERE ended_at IS NOT NULL AND created_at < now() - $1::interval LIMIT $2""",
            KEPT, _REMOVED_AT_ONCE,
        )  # fmt: skip
    for row in old:
        async with postgres.transaction(row["org_id"]) as connection:
            for table, key in (("batch_items", "batch_id"), ("batch_parts", "batch_id"), ("batches", "id")):
                await connection.execute(
                    f"DELETE FROM {table} WHERE org_id = $1 AND {key} = $2",  # noqa: S608 names of ours
                    row["org_id"], row["id"],
                )  # fmt: skip
    return len(old)
