"""SQL for exports."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from bloom.contracts.v1 import export_service_pb2
from contracts_service.exports.model import Export, Written
from service_runtime.postgres import Connection, Reads

RUNNING = export_service_pb2.EXPORT_STATE_RUNNING
DONE = export_service_pb2.EXPORT_STATE_DONE


async def insert(
    connection: Connection, org_id: UUID, export_id: UUID, subject: str, traceparent: str, filter_text: str
) -> None:
    """An export that begins."""
    await connection.execute(
        """INSERT INTO exports (org_id, id, state, subject, traceparent, filter)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        org_id, export_id, RUNNING, subject, traceparent, filter_text,
    )  # fmt: skip


async def get(reads: Reads, export_id: UUID) -> Export | None:
    """None where the organization has none of that id."""
    row = await reads.fetchrow("SELECT * FROM exports WHERE id = $1", export_id)
    return _from_row(row) if row else None


async def page(
    connection: Connection, before: tuple[datetime, UUID] | None, limit: int, subject: str
) -> list[Export]:
    """Newest first; with a subject, only what it asked for."""
    created_at, export_id = before or (None, None)
    rows = await connection.fetch(
        """SELECT * FROM exports WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid))
              AND ($4 = '' OR subject = $4)
           ORDER BY created_at DESC, id DESC LIMIT $3""",
        created_at, export_id, limit, subject,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def contracts(connection: Connection, condition: str, arguments: Sequence[object]) -> list[UUID]:
    """Which contracts there are to be written, oldest first; arguments from $1 on."""
    rows = await connection.fetch(
        f"""SELECT contracts.id FROM contracts LEFT JOIN documents ON documents.org_id = contracts.org_id
                AND documents.id = contracts.document_id
            WHERE deleted_at IS NULL AND ({condition}) ORDER BY contracts.created_at, contracts.id""",
        *arguments,
    )
    return [row["id"] for row in rows]


async def begin(connection: Connection, export_id: UUID) -> Export | None:
    """Counts an attempt; None when the export has ended."""
    row = await connection.fetchrow(
        """UPDATE exports SET attempts = attempts + 1, written_count = 0
           WHERE id = $1 AND ended_at IS NULL RETURNING *""",
        export_id,
    )
    return _from_row(row) if row else None


async def note(connection: Connection, export_id: UUID, written: int, of: int) -> bool:
    """How far it is; False when the export has ended."""
    noted = await connection.fetchval(
        """UPDATE exports SET written_count = $2, contract_count = $3
           WHERE id = $1 AND ended_at IS NULL RETURNING true""",
        export_id, written, of,
    )  # fmt: skip
    return bool(noted)


async def finish(connection: Connection, export_id: UUID, written: Written) -> bool:
    """Ends the export with its ZIP; False when it had ended before."""
    done = await connection.fetchval(
        """UPDATE exports SET state = $2, object_key = $3, file_count = $4, problem_count = $5,
                              size_bytes = $6, sha256 = $7, ended_at = now()
           WHERE id = $1 AND ended_at IS NULL RETURNING true""",
        export_id, DONE, written.object_key, written.file_count, written.problem_count, written.size_bytes,
        bytes.fromhex(written.sha256),
    )  # fmt: skip
    return bool(done)


async def end(connection: Connection, export_id: UUID, state: int, error: bytes) -> bool:
    """Ends the export without a ZIP; False when it had ended before."""
    ended = await connection.fetchval(
        """UPDATE exports SET state = $2, error = $3, ended_at = now()
           WHERE id = $1 AND ended_at IS NULL RETURNING true""",
        export_id, state, error,
    )  # fmt: skip
    return bool(ended)


def _from_row(row: asyncpg.Record) -> Export:
    return Export(**{**dict(row), "sha256": row["sha256"].hex() if row["sha256"] else ""})
