"""SQL for cells and reviews."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from contracts_service.grid.model import Cell, Review
from service_runtime.postgres import Connection, Reads

COLUMNS = """field, status, review, method, value, unit, number, day, value_count, outdated, evidence,
    confidence, reviewer, reviewed_at, review_reason"""
_REVIEW = (
    """number, review, value, unit, reviewer, at, reason, read_value, read_unit, read_status, operation_id"""
)
_COUNT = 15


def from_row(row: asyncpg.Record) -> Cell:
    """A cell from a row that has COLUMNS and the version."""
    return Cell(**{name: value for name, value in row.items() if name != "contract_id"})


async def cells(reads: Reads, contract_id: UUID) -> dict[str, Cell]:
    """Of one contract, by field."""
    rows = await reads.fetch(f"SELECT {COLUMNS}, version FROM cells WHERE contract_id = $1", contract_id)
    return {row["field"]: from_row(row) for row in rows}


async def cell(reads: Reads, contract_id: UUID, field: str) -> Cell | None:
    """One of them."""
    row = await reads.fetchrow(
        f"SELECT {COLUMNS}, version FROM cells WHERE contract_id = $1 AND field = $2", contract_id, field
    )
    return from_row(row) if row else None


async def cells_of(
    reads: Reads, contract_ids: Sequence[UUID], fields: Sequence[str]
) -> dict[tuple[UUID, str], Cell]:
    """Of several contracts, by contract and field."""
    rows = await reads.fetch(
        f"""SELECT contract_id, {COLUMNS}, version FROM cells
            WHERE contract_id = ANY($1::uuid[]) AND field = ANY($2::text[])""",
        list(contract_ids), list(fields),
    )  # fmt: skip
    return {(row["contract_id"], row["field"]): from_row(row) for row in rows}


@dataclass(frozen=True, slots=True)
class Row:
    """A contract of the grid. States are the schema's numbers."""

    id: UUID
    label: str
    state: int
    analysis_state: int
    created_at: datetime


async def rows(
    reads: Reads,
    condition: str,
    arguments: Sequence[object],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Newest first. `condition` comes from the compilers, with its arguments from $4 on."""
    created_at, contract_id = before or (None, None)
    found = await reads.fetch(
        f"""SELECT contracts.id, label, state, analysis_state, contracts.created_at
            FROM contracts LEFT JOIN documents ON documents.org_id = contracts.org_id
                AND documents.id = contracts.document_id
            WHERE deleted_at IS NULL
              AND ($1::timestamptz IS NULL OR (contracts.created_at, contracts.id) < ($1, $2::uuid))
              AND {condition}
            ORDER BY contracts.created_at DESC, contracts.id DESC LIMIT $3""",
        created_at, contract_id, limit, *arguments,
    )  # fmt: skip
    return [Row(**dict(row)) for row in found]


def having(
    fields: Sequence[str], statuses: Sequence[int], reviews: Sequence[int], first: int
) -> tuple[str, list[object]]:
    """Contracts with a cell among `fields` in one of the states, where some are asked for; $first on."""
    if not statuses and not reviews:
        return "true", []
    asked = [f"field = ANY(${first}::text[])"]
    arguments: list[object] = [list(fields)]
    for column, states in (("status", statuses), ("review", reviews)):
        if states:
            asked.append(f"{column} = ANY(${first + len(arguments)}::smallint[])")
            arguments.append(list(states))
    return (
        f"""EXISTS (SELECT FROM cells WHERE cells.org_id = contracts.org_id
            AND cells.contract_id = contracts.id AND {" AND ".join(asked)})""",
        arguments,
    )


async def put(connection: Connection, org_id: UUID, contract_id: UUID, cells: Sequence[Cell]) -> None:
    """What holds from now on; the version counts."""
    marks = ", ".join(f"${number}" for number in range(3, 3 + _COUNT))
    changed = ", ".join(
        f"{name} = excluded.{name}" for name in map(str.strip, COLUMNS.split(",")) if name != "field"
    )
    await connection.executemany(
        f"""INSERT INTO cells (org_id, contract_id, {COLUMNS}) VALUES ($1, $2, {marks})
            ON CONFLICT (org_id, contract_id, field) DO UPDATE SET {changed}, version = cells.version + 1""",
        [
            (
                org_id, contract_id, one.field, one.status, one.review, one.method, one.value, one.unit,
                one.number, one.day, one.value_count, one.outdated,
                dict(one.evidence) if one.evidence else None, one.confidence, one.reviewer, one.reviewed_at,
                one.review_reason,
            )
            for one in cells
        ],
    )  # fmt: skip


async def add_review(
    connection: Connection, org_id: UUID, contract_id: UUID, field: str, review: Review
) -> None:
    """The next word about a field of a contract that the caller holds."""
    await connection.execute(
        f"""INSERT INTO reviews (org_id, contract_id, field, {_REVIEW})
            SELECT $1, $2, $3, count(*) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
            FROM reviews WHERE contract_id = $2 AND field = $3""",
        org_id, contract_id, field, review.review, review.value, review.unit, review.reviewer, review.at,
        review.reason, review.read_value, review.read_unit, review.read_status, review.operation_id,
    )  # fmt: skip


async def latest_reviews(reads: Reads, contract_id: UUID) -> dict[str, Review]:
    """The last word about each field."""
    rows = await reads.fetch(
        f"""SELECT DISTINCT ON (field) field, {_REVIEW} FROM reviews
            WHERE contract_id = $1 ORDER BY field, number DESC""",
        contract_id,
    )
    return {row["field"]: _review(row) for row in rows}


async def reviews(reads: Reads, contract_id: UUID, field: str, *, limit: int) -> list[Review]:
    """Everything that was said of a field, newest first."""
    rows = await reads.fetch(
        f"""SELECT {_REVIEW} FROM reviews WHERE contract_id = $1 AND field = $2
            ORDER BY number DESC LIMIT $3""",
        contract_id, field, limit,
    )  # fmt: skip
    return [_review(row) for row in rows]


def _review(row: asyncpg.Record) -> Review:
    return Review(**{name: value for name, value in row.items() if name != "field"})
