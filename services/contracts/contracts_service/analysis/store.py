"""SQL for what an analysis read."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from contracts_service.analysis.model import StoredValue
from service_runtime.postgres import Connection, Reads

_COLUMNS = """field_group, field, status, value, unit, raw_text, evidence, method, model, prompt_version,
    confidence, reason, reason_text"""


async def copy_answers(
    connection: Connection, source: UUID | None, target: UUID, prompt_version: str
) -> None:
    """Gives `target` the answers of `source` to prompts that are still the same; they cost nothing again."""
    await connection.execute(
        """INSERT INTO operation_groups (org_id, operation_id, field_group, answer, model, simulated, cached,
                                         cost_micro_usd, prompt_version)
           SELECT org_id, $2, field_group, answer, model, simulated, true, 0, prompt_version
           FROM operation_groups WHERE operation_id = $1 AND prompt_version = $3""",
        source, target, prompt_version,
    )  # fmt: skip


async def insert_values(
    connection: Connection, org_id: UUID, operation_id: UUID, values: Sequence[StoredValue]
) -> None:
    """Keeps the values in their order."""
    await connection.executemany(
        f"""INSERT INTO extracted_values (org_id, operation_id, ordinal, {_COLUMNS})
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        [
            (
                org_id, operation_id, ordinal, value.group, value.field, value.status, value.value,
                value.unit,
                value.raw_text, list(value.evidence), value.method, value.model, value.prompt_version,
                value.confidence, value.reason, value.reason_text,
            )
            for ordinal, value in enumerate(values, start=1)
        ],
    )  # fmt: skip


async def of_field(reads: Reads, operation_id: UUID, field: str) -> list[StoredValue]:
    """The values of one field."""
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} FROM extracted_values
            WHERE operation_id = $1 AND field = $2 ORDER BY ordinal""",
        operation_id, field,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def values(
    connection: Connection, operation_id: UUID, *, after: int, limit: int
) -> list[tuple[int, StoredValue]]:
    """Values with an ordinal above `after`, in order, each with its ordinal."""
    rows = await connection.fetch(
        f"""SELECT ordinal, {_COLUMNS} FROM extracted_values
            WHERE operation_id = $1 AND ordinal > $2 ORDER BY ordinal LIMIT $3""",
        operation_id, after, limit,
    )  # fmt: skip
    return [(row["ordinal"], _from_row(row)) for row in rows]


def _from_row(row: asyncpg.Record) -> StoredValue:
    return StoredValue(
        group=row["field_group"],
        field=row["field"],
        status=row["status"],
        value=row["value"],
        unit=row["unit"],
        raw_text=row["raw_text"],
        evidence=tuple(row["evidence"]),
        method=row["method"],
        model=row["model"],
        prompt_version=row["prompt_version"],
        confidence=row["confidence"],
        reason=row["reason"],
        reason_text=row["reason_text"],
    )
