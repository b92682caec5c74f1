"""SQL for imports, their files and lanes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from bloom.contracts.v1 import contract_pb2, import_service_pb2
from contracts_service.imports.model import (
    Analyses,
    Counts,
    Defaults,
    Import,
    ImportFile,
    NewFile,
    NewImport,
    Place,
    Result,
    Turn,
)
from service_runtime.postgres import Connection, Reads

QUEUED = import_service_pb2.IMPORT_FILE_STATE_QUEUED
READING = import_service_pb2.IMPORT_FILE_STATE_READING
_COUNTED = {
    import_service_pb2.IMPORT_FILE_STATE_IMPORTED: "imported",
    import_service_pb2.IMPORT_FILE_STATE_DUPLICATE: "duplicate",
    import_service_pb2.IMPORT_FILE_STATE_FAILED: "failed",
    import_service_pb2.IMPORT_FILE_STATE_SKIPPED: "skipped",
}
_FILE = """number, path, size_bytes, state, reason, message, contract_id, operation_id, sha256, object_key,
    header_offset, packed_bytes, method, checksum, attempts"""


async def insert(
    connection: Connection,
    org_id: UUID,
    subject: str,
    traceparent: str,
    new: NewImport,
    files: Sequence[NewFile],
) -> None:
    """The import with all its files, those counted that have ended already."""
    ended = {column: sum(file.state == state for file in files) for state, column in _COUNTED.items()}
    await connection.execute(
        """INSERT INTO imports (org_id, id, state, subject, traceparent, source, archive_key, department,
                                tags, office, analysis, file_count, imported, duplicate, failed, skipped)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        org_id, new.id, import_service_pb2.IMPORT_STATE_RUNNING, subject, traceparent, new.source,
        new.archive_key, new.defaults.department, list(new.defaults.tags), new.defaults.office, new.analysis,
        len(files), *ended.values(),
    )  # fmt: skip
    await connection.executemany(
        """INSERT INTO import_files (org_id, import_id, number, path, size_bytes, state, reason, message,
                                     object_key, header_offset, packed_bytes, method, checksum)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)""",
        [
            (
                org_id, new.id, number, file.path, file.place.size_bytes, file.state, file.reason,
                file.message, file.place.object_key, file.place.header_offset,
                file.place.packed_bytes, file.place.method, file.place.checksum,
            )
            for number, file in enumerate(files, start=1)
        ],
    )  # fmt: skip


async def insert_lanes(connection: Connection, org_id: UUID, import_id: UUID, count: int) -> None:
    """Lanes from 1 to `count`, each at its first turn."""
    await connection.execute(
        "INSERT INTO import_lanes (org_id, import_id, lane) SELECT $1, $2, generate_series(1, $3::integer)",
        org_id, import_id, count,
    )  # fmt: skip


async def get(reads: Reads, import_id: UUID) -> Import | None:
    """None where the organization has none of that id."""
    row = await reads.fetchrow("SELECT * FROM imports WHERE id = $1", import_id)
    return _from_row(row) if row else None


async def page(
    connection: Connection, before: tuple[datetime, UUID] | None, limit: int, subject: str
) -> list[Import]:
    """Newest first; with a subject, only what it asked for."""
    created_at, import_id = before or (None, None)
    rows = await connection.fetch(
        """SELECT * FROM imports WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid))
              AND ($4 = '' OR subject = $4)
           ORDER BY created_at DESC, id DESC LIMIT $3""",
        created_at, import_id, limit, subject,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def files(
    reads: Reads, import_id: UUID, states: Sequence[int], *, after: int, limit: int
) -> list[ImportFile]:
    """Files with a number above `after`, in order; of all states where none is given."""
    rows = await reads.fetch(
        f"""SELECT {_FILE} FROM import_files
            WHERE import_id = $1 AND number > $2 AND (cardinality($4::smallint []) = 0 OR state = ANY($4))
            ORDER BY number LIMIT $3""",
        import_id, after, limit, list(states),
    )  # fmt: skip
    return list(map(_file, rows))


async def analyses(reads: Reads, import_id: UUID) -> Analyses:
    """How far the analyses of what came in are."""
    row = await reads.fetchrow(
        """SELECT count(*)::int AS requested,
                  count(*) FILTER (WHERE operations.state = $2)::int AS done,
                  count(*) FILTER (WHERE ended_at IS NOT NULL AND operations.state <> $2)::int AS failed,
                  coalesce(sum((
                      SELECT sum(cost_micro_usd) FROM operation_groups
                      WHERE operation_groups.org_id = operations.org_id AND operation_id = operations.id
                  )) FILTER (WHERE operations.state = $2), 0)::bigint AS cost_micro_usd
           FROM import_files JOIN operations ON operations.org_id = import_files.org_id
                AND operations.id = import_files.operation_id
           WHERE import_id = $1""",
        import_id, contract_pb2.ANALYSIS_STATE_DONE,
    )  # fmt: skip
    return Analyses(**dict(row)) if row else Analyses()


async def claim(connection: Connection, turn: Turn) -> ImportFile | None:
    """The lane's file: the one that it was at when its worker died, or the next. None when there is none.

    Counts an attempt. The turn's rows are held until the transaction ends.
    """
    lane = await connection.fetchrow(
        "SELECT file_number FROM import_lanes WHERE import_id = $1 AND lane = $2 AND turn = $3 FOR UPDATE",
        turn.import_id, turn.lane, turn.turn,
    )  # fmt: skip
    if lane is None:
        return None
    row = await connection.fetchrow(
        f"""UPDATE import_files SET state = $3, attempts = attempts + 1
            WHERE import_id = $1 AND number = coalesce($2, (
                SELECT number FROM import_files WHERE import_id = $1 AND state = $4
                ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
            )) RETURNING {_FILE}""",
        turn.import_id, lane["file_number"], READING, QUEUED,
    )  # fmt: skip
    if row is not None:
        await connection.execute(
            "UPDATE import_lanes SET file_number = $3 WHERE import_id = $1 AND lane = $2",
            turn.import_id, turn.lane, row["number"],
        )  # fmt: skip
    return _file(row) if row else None


async def hold(connection: Connection, import_id: UUID) -> None:
    """Nobody else changes the import until the transaction ends."""
    await connection.execute("SELECT FROM imports WHERE id = $1 FOR UPDATE", import_id)


async def next_turn(connection: Connection, turn: Turn) -> bool:
    """The lane goes on; False where another worker has ended this turn before."""
    moved = await connection.fetchval(
        """UPDATE import_lanes SET turn = turn + 1, file_number = NULL
           WHERE import_id = $1 AND lane = $2 AND turn = $3 RETURNING true""",
        turn.import_id, turn.lane, turn.turn,
    )  # fmt: skip
    return bool(moved)


async def end_file(connection: Connection, import_id: UUID, number: int, result: Result) -> Import:
    """The file's result; the import as it stands then, held until the transaction ends."""
    await connection.execute(
        """UPDATE import_files SET state = $3, reason = $4, message = $5, contract_id = $6, operation_id = $7,
                                   sha256 = $8 WHERE import_id = $1 AND number = $2""",
        import_id, number, result.state, result.reason, result.message, result.contract_id,
        result.operation_id, bytes.fromhex(result.sha256) or None,
    )  # fmt: skip
    column = _COUNTED[result.state]  # type: ignore[index]  # the schema's own numbers
    row = await connection.fetchrow(
        f"UPDATE imports SET {column} = {column} + 1 WHERE id = $1 RETURNING *", import_id
    )
    if row is None:
        raise RuntimeError("an import whose file has ended is not there")
    return _from_row(row)


async def skip_queued(connection: Connection, import_id: UUID, reason: str, message: str) -> None:
    """Ends every file that nobody has begun."""
    await connection.execute(
        """WITH skipped AS (
               UPDATE import_files SET state = $2, reason = $4, message = $5
               WHERE import_id = $1 AND state = $3 RETURNING true
           ) UPDATE imports SET skipped = skipped + (SELECT count(*) FROM skipped) WHERE id = $1""",
        import_id, import_service_pb2.IMPORT_FILE_STATE_SKIPPED, QUEUED, reason, message,
    )  # fmt: skip


async def cancelling(connection: Connection, import_id: UUID) -> bool:
    """Asks for its end; False where it has ended, or was asked before."""
    asked = await connection.fetchval(
        "UPDATE imports SET state = $2 WHERE id = $1 AND state = $3 RETURNING true",
        import_id, import_service_pb2.IMPORT_STATE_CANCELLING, import_service_pb2.IMPORT_STATE_RUNNING,
    )  # fmt: skip
    return bool(asked)


async def end(connection: Connection, import_id: UUID, state: int) -> bool:
    """Ends the import once; False when it had ended before."""
    ended = await connection.fetchval(
        "UPDATE imports SET state = $2, ended_at = now() WHERE id = $1 AND ended_at IS NULL RETURNING true",
        import_id, state,
    )  # fmt: skip
    return bool(ended)


def _from_row(row: asyncpg.Record) -> Import:
    counts = Counts(row["file_count"], row["imported"], row["duplicate"], row["failed"], row["skipped"])
    return Import(
        id=row["id"],
        org_id=row["org_id"],
        state=row["state"],
        subject=row["subject"],
        traceparent=row["traceparent"],
        source=row["source"],
        archive_key=row["archive_key"],
        defaults=Defaults(row["department"], tuple(row["tags"]), row["office"]),
        analysis=row["analysis"],
        counts=counts,
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def _file(row: asyncpg.Record) -> ImportFile:
    place = Place(
        row["size_bytes"], row["object_key"], row["header_offset"], row["packed_bytes"], row["method"],
        row["checksum"],
    )  # fmt: skip
    return ImportFile(
        number=row["number"],
        path=row["path"],
        place=place,
        state=row["state"],
        reason=row["reason"],
        message=row["message"],
        contract_id=row["contract_id"],
        operation_id=row["operation_id"],
        sha256=row["sha256"].hex() if row["sha256"] else "",
        attempts=row["attempts"],
    )
