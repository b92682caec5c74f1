"""SQL for saved views."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from service_runtime.postgres import Connection, Reads

_COLUMNS = "id, kind, owner, display_name, shared, body, version"


@dataclass(frozen=True, slots=True)
class View:
    """`kind` is the collection of its name, `owner` a subject, `body` what is saved."""

    id: UUID
    kind: str
    owner: str
    display_name: str
    shared: bool
    body: Mapping[str, Any]
    version: int = 1

    @property
    def name(self) -> str:
        """`columnSets/{uuid}`"""
        return f"{self.kind}/{self.id}"

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.version}"'


def _from_row(row: asyncpg.Record) -> View:
    return View(**dict(row))


async def insert(connection: Connection, org_id: UUID, new: View) -> None:
    """Adds one."""
    await connection.execute(
        """INSERT INTO saved_views (org_id, id, kind, owner, display_name, shared, body)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        org_id, new.id, new.kind, new.owner, new.display_name, new.shared, dict(new.body),
    )  # fmt: skip


async def get(reads: Reads, kind: str, view_id: UUID) -> View | None:
    """Whoever it belongs to."""
    row = await reads.fetchrow(
        f"SELECT {_COLUMNS} FROM saved_views WHERE id = $1 AND kind = $2", view_id, kind
    )
    return _from_row(row) if row else None


async def count(reads: Reads, owner: str) -> int:
    """How many somebody has."""
    row = await reads.fetchrow("SELECT count(*) AS own FROM saved_views WHERE owner = $1", owner)
    return int(row["own"]) if row else 0


async def page(reads: Reads, kind: str, owner: str, after: tuple[str, UUID] | None, limit: int) -> list[View]:
    """Those of `owner` and the shared ones, by name."""
    display_name, view_id = after or (None, None)
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} FROM saved_views
            WHERE kind = $1 AND (owner = $2 OR shared)
              AND ($3::text IS NULL OR (display_name, id) > ($3, $4::uuid))
            ORDER BY display_name, id LIMIT $5""",
        kind, owner, display_name, view_id, limit,
    )  # fmt: skip
    return list(map(_from_row, rows))


async def update(connection: Connection, after: View) -> None:
    """Writes what may change."""
    await connection.execute(
        "UPDATE saved_views SET display_name = $2, shared = $3, body = $4, version = $5 WHERE id = $1",
        after.id, after.display_name, after.shared, dict(after.body), after.version,
    )  # fmt: skip


async def delete(connection: Connection, view_id: UUID) -> None:
    """For good."""
    await connection.execute("DELETE FROM saved_views WHERE id = $1", view_id)
