"""SQL for saved sets of columns."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from service_runtime.postgres import Connection, Reads

_COLUMNS = "id, owner, display_name, fields, shared, version"


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """Fields in an order; `owner` is a subject."""

    id: UUID
    owner: str
    display_name: str
    fields: tuple[str, ...]
    shared: bool
    version: int

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.version}"'


def _from_row(row: asyncpg.Record) -> ColumnSet:
    return ColumnSet(**dict(row) | {"fields": tuple(row["fields"])})


async def insert(connection: Connection, org_id: UUID, new: ColumnSet) -> None:
    """Adds one."""
    await connection.execute(
        """INSERT INTO column_sets (org_id, id, owner, display_name, fields, shared)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        org_id, new.id, new.owner, new.display_name, list(new.fields), new.shared,
    )  # fmt: skip


async def get(reads: Reads, column_set_id: UUID) -> ColumnSet | None:
    """Whoever it belongs to."""
    row = await reads.fetchrow(f"SELECT {_COLUMNS} FROM column_sets WHERE id = $1", column_set_id)
    return _from_row(row) if row else None


async def count(reads: Reads, owner: str) -> int:
    """How many somebody has."""
    row = await reads.fetchrow("SELECT count(*) AS own FROM column_sets WHERE owner = $1", owner)
    return int(row["own"]) if row else 0


async def page(reads: Reads, owner: str, after: tuple[str, UUID] | None, limit: int) -> list[ColumnSet]:
    """Those of `owner` and the shared ones, by name."""
    display_name, column_set_id = after or (None, None)
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} FROM column_sets
            WHERE (owner = $1 OR shared)
              AND ($2::text IS NULL OR (display_name, id) > ($2, $3::uuid))
            ORDER BY display_name, id LIMIT $4""",
        owner, display_name, column_set_id, limit,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def update(connection: Connection, after: ColumnSet) -> None:
    """Writes what may change."""
    await connection.execute(
        "UPDATE column_sets SET display_name = $2, fields = $3, shared = $4, version = $5 WHERE id = $1",
        after.id, after.display_name, list(after.fields), after.shared, after.version,
    )  # fmt: skip


async def delete(connection: Connection, column_set_id: UUID) -> None:
    """For good."""
    await connection.execute("DELETE FROM column_sets WHERE id = $1", column_set_id)
