"""SQL for service accounts."""

from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.granted import CustomPermissions
from auth_service.roles import CustomRoles, Roles
from auth_service.service_accounts.model import ServiceAccount
from service_runtime.postgres import Connection

_COLUMNS = """id, display_name, roles, custom_roles, custom_permissions(org_id, custom_roles),
              conditional_permissions(org_id, custom_roles), created_at, secret_hash"""


def _from_row(row: asyncpg.Record) -> ServiceAccount:
    return ServiceAccount(
        id=row["id"],
        display_name=row["display_name"],
        roles=roles.from_stored(row["roles"]),
        custom_roles=tuple(row["custom_roles"]),
        custom_permissions=CustomPermissions.from_row(row),
        created_at=row["created_at"],
        secret_hash=row["secret_hash"],
    )


async def insert(
    connection: Connection,
    org_id: UUID,
    account_id: UUID,
    display_name: str,
    granted: Roles,
    custom: CustomRoles,
    secret_hash: bytes,
) -> ServiceAccount:
    """Adds one."""
    row = await connection.fetchrow(
        f"""INSERT INTO service_accounts (org_id, id, display_name, roles, custom_roles, secret_hash)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}""",
        org_id, account_id, display_name, granted, custom, secret_hash,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def get(connection: Connection, org_id: UUID, account_id: UUID) -> ServiceAccount | None:
    """The service account as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM service_accounts WHERE org_id = $1 AND id = $2", org_id, account_id
    )
    return _from_row(row) if row else None


async def page(
    connection: Connection, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ServiceAccount]:
    """Newest first."""
    created_at, account_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM service_accounts
            WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, created_at, account_id, limit,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def delete(connection: Connection, org_id: UUID, account_id: UUID) -> bool:
    """Whether there was one."""
    deleted = await connection.fetchval(
        "DELETE FROM service_accounts WHERE org_id = $1 AND id = $2 RETURNING true", org_id, account_id
    )
    return bool(deleted)
