"""SQL for custom roles."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service.custom_roles.model import CustomRole
from auth_service.roles import Permissions
from service_runtime.conditions.model import Conditions
from service_runtime.postgres import Connection

_COLUMNS = "id, display_name, permissions, conditions, version, created_at, updated_at"


def _from_row(row: asyncpg.Record) -> CustomRole:
    return CustomRole(
        id=row["id"],
        display_name=row["display_name"],
        permissions=tuple(row["permissions"]),
        conditions=Conditions.from_stored(row["conditions"] or {}),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


async def insert(
    connection: Connection,
    org_id: UUID,
    role_id: UUID,
    display_name: str,
    permissions: Permissions,
    conditions: Conditions,
) -> CustomRole:
    """Adds one."""
    row = await connection.fetchrow(
        f"""INSERT INTO custom_roles (org_id, id, display_name, permissions, conditions)
            VALUES ($1, $2, $3, $4, $5) RETURNING {_COLUMNS}""",
        org_id, role_id, display_name, permissions, conditions.stored() or None,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def get(connection: Connection, org_id: UUID, role_id: UUID) -> CustomRole | None:
    """The role as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM custom_roles WHERE org_id = $1 AND id = $2", org_id, role_id
    )
    return _from_row(row) if row else None


async def named(connection: Connection, org_id: UUID, role_ids: Collection[UUID]) -> list[CustomRole]:
    """Those of these roles that there are."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM custom_roles WHERE org_id = $1 AND id = ANY($2)", org_id, list(role_ids)
    )
    return [_from_row(row) for row in rows]


async def page(
    connection: Connection, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[CustomRole]:
    """Newest first."""
    created_at, role_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM custom_roles
            WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, created_at, role_id, limit,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def update(connection: Connection, org_id: UUID, role: CustomRole) -> CustomRole:
    """Writes what can be changed of a role, and counts the change."""
    row = await connection.fetchrow(
        f"""UPDATE custom_roles SET display_name = $3, permissions = $4, conditions = $5,
                                    version = version + 1, updated_at = now()
            WHERE org_id = $1 AND id = $2 RETURNING {_COLUMNS}""",
        org_id, role.id, role.display_name, role.permissions, role.conditions.stored() or None,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("a role vanished while its organization was held")
    return _from_row(row)


async def in_use(connection: Connection, org_id: UUID, role_id: UUID) -> bool:
    """Whether anybody holds it, or is invited to; a disabled user does."""
    found = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM users WHERE org_id = $1 AND $2 = ANY(custom_roles))
               OR EXISTS (SELECT FROM groups WHERE org_id = $1 AND $2 = ANY(custom_roles))
               OR EXISTS (SELECT FROM service_accounts WHERE org_id = $1 AND $2 = ANY(custom_roles))
               OR EXISTS (
                   SELECT FROM invitations
                   WHERE org_id = $1 AND $2 = ANY(custom_roles) AND expires_at > now()
               )""",
        org_id, role_id,
    )  # fmt: skip
    return bool(found)


async def delete(connection: Connection, org_id: UUID, role_id: UUID) -> None:
    """Removes it; `in_use` was asked before."""
    await connection.execute("DELETE FROM custom_roles WHERE org_id = $1 AND id = $2", org_id, role_id)
