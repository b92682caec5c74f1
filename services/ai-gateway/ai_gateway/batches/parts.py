"""The runner's view of a batch: its parts, and what there is still to do. Who writes holds the lease."""

import json
from collections.abc import Sequence
from uuid import uuid4

import asyncpg

from ai_gateway.batches import leases
from ai_gateway.batches.batch import Asked, Lease, Part, PartState, Result, Work
from ai_gateway.batches.booking import end_record, write
from ai_gateway.egress.record import Egress, Ending
from ai_gateway.generation.question import Caching
from ai_gateway.money import store as money
from ai_gateway.money.usage import UsageEvent
from ai_gateway.privacy.vault import Vault
from service_runtime.audit import canonical
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_SET = "UPDATE batch_parts SET {} WHERE org_id = $1 AND id = $2"
_LEAVES = "state = 'SENDING', egress_id = $3, sent_at = clock_timestamp()"
_AGAIN = "state = 'READY', attempt = attempt + 1, egress_id = NULL, sent_at = NULL"


async def load(postgres: Postgres, lease: Lease) -> Work:
    """As it stands. Raises LeaseLostError."""
    async with leases.held(postgres, lease) as connection:
        batch = await connection.fetchrow(
            "SELECT *, clock_timestamp() AS now FROM batches WHERE org_id = $1 AND id = $2",
            lease.org_id, lease.batch_id,
        )  # fmt: skip
        rows = await connection.fetch(
            """SELECT * FROM batch_parts WHERE org_id = $1 AND batch_id = $2 AND state <> 'SETTLED'
               ORDER BY id""",
            lease.org_id, lease.batch_id,
        )  # fmt: skip
    if batch is None:
        raise AssertionError("a batch that is leased is there")
    caller = Identity(subject=batch["creator"], org_id=lease.org_id, workload=batch["workload"])
    return Work(
        lease, caller, batch["trace_id"], batch["created_at"], batch["now"], batch["planned"],
        batch["cancel_asked_at"] is not None, batch["quiet"], tuple(_part(row) for row in rows),
    )  # fmt: skip


async def asked(postgres: Postgres, lease: Lease, part: Part | None = None) -> list[Asked]:
    """The items that have no result yet, of one part or of all the batch."""
    rows = await postgres.reader(lease.org_id).fetch(
        """SELECT * FROM batch_items WHERE org_id = $1 AND batch_id = $2 AND outcome IS NULL
           AND ($3::uuid IS NULL OR part_id = $3) ORDER BY ordinal""",
        lease.org_id, lease.batch_id, part.id if part is not None else None,
    )  # fmt: skip
    return [_asked(row) for row in rows]


async def plan(
    postgres: Postgres,
    lease: Lease,
    groups: Sequence[Sequence[Asked]],
    known: Sequence[tuple[Result, UsageEvent]],
) -> None:
    """Each group becomes a part; what is `known` has its result now, and is counted as a free answer."""
    async with leases.held(postgres, lease) as connection:
        for group in groups:
            part_id = uuid4()
            await connection.execute(
                """INSERT INTO batch_parts (org_id, id, batch_id, task, model, item_count)
                   VALUES ($1, $2, $3, $4, $5, $6)""",
                lease.org_id, part_id, lease.batch_id, group[0].task, group[0].model, len(group),
            )  # fmt: skip
            await connection.execute(
                """UPDATE batch_items SET part_id = $3
                   WHERE org_id = $1 AND batch_id = $2 AND ordinal = ANY($4::integer[])""",
                lease.org_id, lease.batch_id, part_id, [item.ordinal for item in group],
            )  # fmt: skip
        await connection.execute(
            "UPDATE batches SET planned = true WHERE org_id = $1 AND id = $2", lease.org_id, lease.batch_id
        )
        await money.note(connection, [event for _, event in known])
        await write(connection, lease, [result for result, _ in known])


async def open_record(postgres: Postgres, lease: Lease, part: Part, egress: Egress) -> bool:
    """Whether it may leave: no budget refused it, and the record of its leaving is durable."""
    fields = egress.fields()
    row = {**fields, "entry": canonical(fields).decode()}
    async with leases.held(postgres, lease) as connection:
        if await connection.fetch("SELECT * FROM open_egress_of($1, $2::jsonb)", lease.org_id, [row]):
            return False
        await _set(connection, lease, part, _LEAVES, egress.id)
    return True


async def remember(postgres: Postgres, lease: Lease, part: Part, upstream_id: str) -> None:
    """Claude has it under that name."""
    async with leases.held(postgres, lease) as connection:
        await _set(connection, lease, part, "state = 'RUNNING', upstream_id = $3", upstream_id)


async def try_again(postgres: Postgres, lease: Lease, part: Part, ending: Ending) -> None:
    """Claude has not taken this attempt: it cost nothing, and there will be another."""
    async with leases.held(postgres, lease) as connection:
        await end_record(connection, lease, part, ending)
        await _set(connection, lease, part, _AGAIN)


async def settle(
    postgres: Postgres, lease: Lease, part: Part, results: Sequence[Result], ending: Ending
) -> None:
    """Its items have their results, and are paid for. Nothing of this happens without the rest."""
    async with leases.held(postgres, lease) as connection:
        await _set(connection, lease, part, "state = 'SETTLED'")
        await write(connection, lease, results)
        await end_record(connection, lease, part, ending)


async def _set(connection: Connection, lease: Lease, part: Part, what: str, *values: object) -> None:
    await connection.execute(_SET.format(what), lease.org_id, part.id, *values)


def _part(row: asyncpg.Record) -> Part:
    return Part(
        row["id"], row["task"], row["model"], row["item_count"], PartState(row["state"]), row["attempt"],
        row["egress_id"], row["sent_at"], row["upstream_id"] or "",
    )  # fmt: skip


def _asked(row: asyncpg.Record) -> Asked:
    return Asked(
        row["ordinal"], row["id"], row["task"], row["model"], Caching[row["caching"]], row["max_tokens"],
        row["params"], row["output_schema"], Vault(json.loads(row["vault"])), row["redactions"],
    )  # fmt: skip
