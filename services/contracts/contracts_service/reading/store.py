"""SQL for entries, and for the finished analyses of a contract."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from contracts_service.analysis.model import StoredEntry
from contracts_service.reading.model import FinishedAnalysis
from service_runtime.postgres import Connection

_COLUMNS = """use, kind, status, text, grade, fallback, evidence, attributes, method, model, prompt_version,
    confidence, reason, reason_text"""


async def insert(
    connection: Connection, org_id: UUID, operation_id: UUID, entries: Sequence[StoredEntry]
) -> None:
    """Keeps the entries in their order."""
    await connection.executemany(
        f"""INSERT INTO entries (org_id, operation_id, ordinal, {_COLUMNS})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)""",
        [
            (
                org_id, operation_id, ordinal, entry.use, entry.kind, entry.status, entry.text, entry.grade,
                entry.fallback, list(entry.evidence), list(entry.attributes), entry.method, entry.model,
                entry.prompt_version, entry.confidence, entry.reason, entry.reason_text,
            )
            for ordinal, entry in enumerate(entries, start=1)
        ],
    )  # fmt: skip


async def take_over(connection: Connection, source: UUID, target: UUID, uses: Sequence[str]) -> None:
    """Gives `target` the entries of `source`, but for those of `uses`, behind its own."""
    await connection.execute(
        f"""INSERT INTO entries (org_id, operation_id, ordinal, {_COLUMNS})
            SELECT org_id, $2,
                ordinal + (SELECT coalesce(max(ordinal), 0) FROM entries WHERE operation_id = $2), {_COLUMNS}
            FROM entries WHERE operation_id = $1 AND NOT use = ANY($3::text [])""",
        source, target, list(uses),
    )  # fmt: skip


async def page(
    connection: Connection,
    operation_id: UUID,
    *,
    after: int,
    limit: int,
    use: str,
    kind: str,
    hidden_status: int,
) -> list[tuple[int, StoredEntry]]:
    """Entries with an ordinal above `after`, in order; of one use and kind where these are given."""
    rows = await connection.fetch(
        f"""SELECT ordinal, {_COLUMNS} FROM entries
            WHERE operation_id = $1 AND ordinal > $2 AND ($4 = '' OR use = $4) AND ($5 = '' OR kind = $5)
                AND status <> $6
            ORDER BY ordinal LIMIT $3""",
        operation_id, after, limit, use, kind, hidden_status,
    )  # fmt: skip
    return [(row["ordinal"], _entry(row)) for row in rows]


def _entry(row: asyncpg.Record) -> StoredEntry:
    columns = {name: row[name] for name in row.keys() if name != "ordinal"}  # noqa: SIM118 a record, no dict
    columns["evidence"], columns["attributes"] = tuple(row["evidence"]), tuple(row["attributes"])
    return StoredEntry(**columns)


async def finished(
    connection: Connection, contract_id: UUID, state: int, before: tuple[datetime, UUID] | None, limit: int
) -> list[FinishedAnalysis]:
    """Analyses of the contract that ended in `state`, newest first."""
    created_at, operation_id = before or (None, None)
    rows = await connection.fetch(
        """SELECT id, subject, created_at, ended_at, uses FROM operations
           WHERE contract_id = $1 AND state = $2
             AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
           ORDER BY created_at DESC, id DESC LIMIT $5""",
        contract_id, state, created_at, operation_id, limit,
    )  # fmt: skip
    return [FinishedAnalysis(**{**dict(row), "uses": tuple(row["uses"])}) for row in rows]


async def is_finished(connection: Connection, contract_id: UUID, operation_id: UUID, state: int) -> bool:
    """Whether this is an analysis of the contract that ended in `state`."""
    found = await connection.fetchval(
        "SELECT true FROM operations WHERE id = $1 AND contract_id = $2 AND state = $3",
        operation_id, contract_id, state,
    )  # fmt: skip
    return bool(found)


async def finished_before(
    connection: Connection, contract_id: UUID, operation_id: UUID, state: int
) -> UUID | None:
    """The newest analysis of the contract that ended in `state` before `operation_id` was asked for."""
    found = await connection.fetchval(
        """SELECT earlier.id FROM operations AS earlier
           JOIN operations AS later ON later.org_id = earlier.org_id AND later.id = $2
           WHERE earlier.contract_id = $1 AND earlier.state = $3
             AND (earlier.created_at, earlier.id) < (later.created_at, later.id)
           ORDER BY earlier.created_at DESC, earlier.id DESC LIMIT 1""",
        contract_id, operation_id, state,
    )  # fmt: skip
    return UUID(str(found)) if found else None
