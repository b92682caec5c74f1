"""SQL for operations and the answers they have collected."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from contracts_service.operations.model import GroupResult, Operation
from service_runtime.postgres import Connection, Reads

_COLUMNS = """id, org_id, contract_id, state, subject, traceparent, attempts, last_fault, error,
    created_at, ended_at, uses, part_count, bulk, patient, batches"""
FIRST_ARGUMENT = 4
_OF_CONTRACTS = """EXISTS (
    SELECT FROM contracts WHERE contracts.org_id = operations.org_id
        AND contracts.id = operations.contract_id AND contracts.deleted_at IS NULL AND ({reach})
)"""


def _from_row(row: asyncpg.Record, groups: tuple[GroupResult, ...] = ()) -> Operation:
    return Operation(
        **{**dict(row), "uses": tuple(row["uses"]), "batches": tuple(row["batches"])}, groups=groups
    )


async def insert(
    connection: Connection,
    org_id: UUID,
    operation_id: UUID,
    contract_id: UUID,
    document_id: UUID,
    state: int,
    subject: str,
    traceparent: str,
    uses: Sequence[str],
    *,
    bulk: bool,
    patient: bool,
) -> bool:
    """False when an analysis of this contract is running."""
    added = await connection.fetchval(
        """INSERT INTO operations (org_id, id, contract_id, document_id, state, subject, traceparent, uses,
                                   bulk, patient)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING true""",
        org_id, operation_id, contract_id, document_id, state, subject, traceparent, list(uses),
        bulk, patient,
    )  # fmt: skip
    return bool(added)


async def get(connection: Connection, operation_id: UUID) -> Operation | None:
    """The operation with its answers so far."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM operations WHERE id = $1", operation_id)
    if row is None:
        return None
    answers = await connection.fetch(
        """SELECT field_group AS "group", answer, model, simulated, cached, cost_micro_usd, prompt_version
           FROM operation_groups WHERE operation_id = $1""",
        operation_id,
    )
    return _from_row(row, tuple(GroupResult(**dict(answer)) for answer in answers))


async def page(
    connection: Connection,
    before: tuple[datetime, UUID] | None,
    limit: int,
    reach: str,
    of_reach: Sequence[object],
) -> list[Operation]:
    """Newest first, without their answers.

    `reach` is an SQL condition on contracts with its arguments from FIRST_ARGUMENT on; `true` asks for none.
    """
    of_contracts = _OF_CONTRACTS.format(reach=reach) if reach != "true" else "true"
    created_at, operation_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM operations
            WHERE ($1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid)) AND {of_contracts}
            ORDER BY created_at DESC, id DESC LIMIT $3""",
        created_at, operation_id, limit, *of_reach,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def running_of(connection: Connection, contract_id: UUID) -> UUID | None:
    """The operation that has not ended yet."""
    running = await connection.fetchval(
        "SELECT id FROM operations WHERE contract_id = $1 AND ended_at IS NULL", contract_id
    )
    return UUID(str(running)) if running else None


async def begin(connection: Connection, operation_id: UUID, state: int) -> bool:
    """Counts an attempt; False when the operation has ended, by itself or by being cancelled."""
    begun = await connection.fetchval(
        """UPDATE operations SET state = $2, attempts = attempts + 1
           WHERE id = $1 AND ended_at IS NULL RETURNING true""",
        operation_id, state,
    )  # fmt: skip
    return bool(begun)


async def note_parts(connection: Connection, operation_id: UUID, count: int) -> None:
    """Tells people into how many parts the document is cut."""
    await connection.execute("UPDATE operations SET part_count = $2 WHERE id = $1", operation_id, count)


async def document_of(connection: Connection, operation_id: UUID) -> UUID | None:
    """Which document the operation reads; None for one of before that was kept."""
    found = await connection.fetchval("SELECT document_id FROM operations WHERE id = $1", operation_id)
    return UUID(str(found)) if found else None


async def has_ended(reads: Reads, operation_id: UUID) -> bool:
    """Whether nobody waits for its work any more: it was cancelled, or is gone."""
    row = await reads.fetchrow("SELECT ended_at IS NULL AS open FROM operations WHERE id = $1", operation_id)
    return row is None or not row["open"]


async def note_batches(connection: Connection, operation_id: UUID, batches: Sequence[str]) -> None:
    """All that it waits for."""
    await connection.execute("UPDATE operations SET batches = $2 WHERE id = $1", operation_id, list(batches))


async def count_no_attempt(connection: Connection, operation_id: UUID) -> None:
    """It was only waited: for batches, or for an outage to end."""
    await connection.execute("UPDATE operations SET attempts = attempts - 1 WHERE id = $1", operation_id)


async def keep_answer(connection: Connection, org_id: UUID, operation_id: UUID, result: GroupResult) -> None:
    """Keeps one answer for good; a second one for the same group changes nothing."""
    await connection.execute(
        """INSERT INTO operation_groups (org_id, operation_id, field_group, answer, model, simulated, cached,
                                         cost_micro_usd, prompt_version)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING""",
        org_id, operation_id, result.group, result.answer, result.model, result.simulated, result.cached,
        result.cost_micro_usd, result.prompt_version,
    )  # fmt: skip


async def note_fault(connection: Connection, operation_id: UUID, fault: str) -> None:
    """Tells people why the operation is trying again."""
    await connection.execute("UPDATE operations SET last_fault = $2 WHERE id = $1", operation_id, fault)


async def end(connection: Connection, operation_id: UUID, state: int, error: bytes | None = None) -> bool:
    """Ends the operation once; False when it had ended before."""
    ended = await connection.fetchval(
        """UPDATE operations SET state = $2, error = $3, ended_at = now()
           WHERE id = $1 AND ended_at IS NULL RETURNING true""",
        operation_id, state, error,
    )  # fmt: skip
    return bool(ended)
