"""SQL for what an analysis read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from contracts_service.analysis.model import StoredValue
from service_runtime.postgres import Connection, Reads

_COLUMNS = """field_group, field, status, value, unit, raw_text, evidence, method, model, prompt_version,
    confidence, reason, reason_text"""


# Of each question about each part the best answer: that of the attempt that broke off, else the newest
# finished one.
_STILL_GOOD = """FROM operation_groups AS kept
    JOIN operations AS source ON source.org_id = kept.org_id AND source.id = kept.operation_id
    JOIN unnest($3::text [], $4::text []) AS asked (question, version)
        ON split_part(kept.field_group, '#', 1) = asked.question AND kept.prompt_version = asked.version
    WHERE source.contract_id = $1 AND source.document_id = $2
        AND (source.id = $5 OR (source.state = $6 AND NOT kept.simulated))
    ORDER BY kept.field_group, coalesce(source.id = $5, false) DESC, source.created_at DESC, source.id DESC"""


@dataclass(frozen=True, slots=True)
class Good:
    """Which answers about a contract's document need not be asked for again.

    `versions` are those of the questions, by name; `broken_off` is the attempt that is continued;
    `finished_state` that of operations whose answers count, unless the simulator gave them; 0 for none.
    """

    contract_id: UUID
    document_id: UUID
    versions: Mapping[str, str]
    broken_off: UUID | None
    finished_state: int

    @property
    def arguments(self) -> tuple[object, ...]:
        """As the statements take them, from $1 on."""
        names, versions = list(self.versions), list(self.versions.values())
        return (self.contract_id, self.document_id, names, versions, self.broken_off, self.finished_state)


async def copy_answers(connection: Connection, good: Good, target: UUID) -> None:
    """Gives `target` the answers that are still good; they cost nothing again."""
    await connection.execute(
        f"""INSERT INTO operation_groups (org_id, operation_id, field_group, answer, model, simulated, cached,
                                          cost_micro_usd, prompt_version)
            SELECT DISTINCT ON (kept.field_group) kept.org_id, $7, kept.field_group, kept.answer, kept.model,
                kept.simulated, true, 0, kept.prompt_version {_STILL_GOOD}""",
        *good.arguments, target,
    )  # fmt: skip


async def keys_still_good(connection: Connection, good: Good) -> frozenset[str]:
    """The keys of the answers that `copy_answers` would give."""
    rows = await connection.fetch(
        f"SELECT DISTINCT ON (kept.field_group) kept.field_group {_STILL_GOOD}", *good.arguments
    )
    return frozenset(row["field_group"] for row in rows)


async def take_over(connection: Connection, source: UUID, target: UUID) -> None:
    """Gives `target`, which has no values of its own, those of `source`."""
    await connection.execute(
        f"""INSERT INTO extracted_values (org_id, operation_id, ordinal, {_COLUMNS})
            SELECT org_id, $2, ordinal, {_COLUMNS} FROM extracted_values WHERE operation_id = $1""",
        source, target,
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
