"""SQL for users."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.directory.model import User
from auth_service.granted import CustomPermissions
from auth_service.roles import CustomRoles, Roles
from service_runtime.postgres import Connection

_COLUMNS = """id, email, display_name, roles, custom_roles, departments, disabled, version, created_at,
              updated_at, epoch, group_roles, group_custom_roles,
              custom_permissions(org_id, custom_roles || group_custom_roles),
              conditional_permissions(org_id, custom_roles || group_custom_roles)"""


def _from_row(row: asyncpg.Record) -> User:
    return User(
        id=row["id"],
        email=row["email"],
        display_name=row["display_name"],
        roles=roles.from_stored(row["roles"]),
        custom_roles=tuple(row["custom_roles"]),
        custom_permissions=CustomPermissions.from_row(row),
        disabled=row["disabled"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        epoch=row["epoch"],
        departments=tuple(row["departments"]),
        group_roles=roles.from_stored(row["group_roles"]),
        group_custom_roles=tuple(row["group_custom_roles"]),
    )


async def insert(
    connection: Connection,
    org_id: UUID,
    user_id: UUID,
    email: str,
    display_name: str,
    granted: Roles,
    custom: CustomRoles = (),
    departments: tuple[str, ...] = (),
) -> User:
    """Makes an account a member of the organization."""
    row = await connection.fetchrow(
        f"""INSERT INTO users (org_id, id, email, display_name, roles, custom_roles, departments)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_COLUMNS}""",
        org_id, user_id, email, display_name, granted, custom, departments,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def get(connection: Connection, org_id: UUID, user_id: UUID) -> User | None:
    """The user as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM users WHERE org_id = $1 AND id = $2", org_id, user_id
    )
    return _from_row(row) if row else None


async def named(connection: Connection, org_id: UUID, user_ids: Collection[UUID]) -> list[User]:
    """Those of these users that there are."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM users WHERE org_id = $1 AND id = ANY($2)", org_id, list(user_ids)
    )
    return [_from_row(row) for row in rows]


async def held(connection: Connection, org_id: UUID, user_id: UUID) -> User | None:
    """The user, who cannot be disabled before the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM users WHERE org_id = $1 AND id = $2 FOR SHARE", org_id, user_id
    )
    return _from_row(row) if row else None


async def page(
    connection: Connection, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[User]:
    """Newest first."""
    created_at, user_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM users
            WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, created_at, user_id, limit,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def update(connection: Connection, org_id: UUID, user: User) -> User:
    """Writes what can be changed of a user, and counts the change; the epoch too where access changes."""
    row = await connection.fetchrow(
        f"""UPDATE users SET display_name = $3, roles = $4, disabled = $5, custom_roles = $6,
                             departments = $7,
                             epoch = epoch + (
                                 (roles, disabled, custom_roles, departments)
                                 <> ($4::smallint [], $5, $6::uuid [], $7::text [])
                             )::integer,
                             version = version + 1, updated_at = now()
            WHERE org_id = $1 AND id = $2 RETURNING {_COLUMNS}""",
        org_id, user.id, user.display_name, user.roles, user.disabled, user.custom_roles,
        user.departments,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("a user vanished while its organization was held")
    return _from_row(row)


async def has_owner(connection: Connection, org_id: UUID) -> bool:
    """Whether anybody is left who owns the organization and can sign in."""
    found = await connection.fetchval(
        """SELECT EXISTS (
               SELECT FROM users WHERE org_id = $1 AND NOT disabled AND $2::smallint = ANY(roles)
           )""",
        org_id, roles.OWNER,
    )  # fmt: skip
    return bool(found)
