"""Calls of the database's own functions that keep the chain: one statement for many records."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from service_runtime.audit import canonical
from service_runtime.postgres import Postgres, Reads

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The budget (a task, or empty for the organization) that a call did not fit in, and its renewal."""

    scope: str
    resets: datetime


async def open_all(postgres: Postgres, calls: Mapping[UUID, Sequence[Fields]]) -> dict[UUID, NoRoom]:
    """Records calls, by organization; those that are returned were refused, and are not recorded."""
    rows = await postgres.call("SELECT * FROM open_egress($1)", _groups(calls))
    return {row["refused"]: NoRoom(row["scope"], row["resets"]) for row in rows}


async def settle_all(postgres: Postgres, endings: Mapping[UUID, Sequence[Fields]]) -> list[asyncpg.Record]:
    """Tells ends, by organization and each once; the alerts that became due."""
    return await postgres.call("SELECT * FROM settle_egress($1)", _groups(endings))


async def running(postgres: Postgres, older_than: timedelta) -> dict[UUID, list[UUID]]:
    """Calls of all organizations that began so long ago and have no end, by organization."""
    async with postgres.sweeping() as connection:
        rows = await connection.fetch(
            """SELECT org_id, array_agg(id) AS ids FROM egress_records
               WHERE outcome IS NULL AND at < now() - $1::interval GROUP BY org_id""",
            older_than,
        )
    return {row["org_id"]: row["ids"] for row in rows}


async def page(reads: Reads, org_id: UUID, *, before: int | None, limit: int) -> list[asyncpg.Record]:
    """Records with the place of their opening in the chain, newest first."""
    return await reads.fetch(
        """SELECT record.*, entry.seq, entry.hash FROM egress_entries AS entry
           JOIN egress_records AS record ON record.org_id = $1 AND record.id = entry.egress_id
           WHERE entry.org_id = $1 AND ($2::bigint IS NULL OR entry.seq < $2) AND NOT EXISTS (
               SELECT FROM egress_entries AS opening
               WHERE opening.org_id = $1 AND opening.egress_id = entry.egress_id AND opening.seq < entry.seq
           ) ORDER BY entry.seq DESC LIMIT $3""",
        org_id, before, limit,
    )  # fmt: skip


async def chain(reads: Reads, org_id: UUID, *, after: int, limit: int) -> list[asyncpg.Record]:
    """Entries in their order."""
    return await reads.fetch(
        "SELECT seq, entry, hash FROM egress_entries WHERE org_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        org_id, after, limit,
    )  # fmt: skip


def _groups(rows: Mapping[UUID, Sequence[Fields]]) -> str:
    return json.dumps(
        [
            {"org": str(org), "rows": [{**row, "entry": canonical(row).decode()} for row in of_org]}
            for org, of_org in rows.items()
        ]
    )
