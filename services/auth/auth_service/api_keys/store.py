"""SQL for API keys."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from auth_service import names, roles
from auth_service.api_keys.model import ApiKey, KeyText, Owner
from auth_service.granted import CustomPermissions
from auth_service.roles import Permissions
from service_runtime.postgres import Connection

_COLUMNS = (
    "id, user_id, service_account_id, display_name, scopes, created_at, expires_at, last_used_at, secret_hash"
)


def _from_row(row: asyncpg.Record) -> ApiKey:
    user_id = row["user_id"]
    return ApiKey(
        id=row["id"],
        owner=names.user(user_id) if user_id else names.service_account(row["service_account_id"]),
        display_name=row["display_name"],
        scopes=tuple(row["scopes"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        secret_hash=row["secret_hash"],
    )


async def insert(
    connection: Connection, key: KeyText, owner: str, display_name: str, scopes: Permissions, ttl: timedelta
) -> ApiKey:
    """Adds one."""
    owner_id, is_user = names.id_of(owner), names.is_user(owner)
    row = await connection.fetchrow(
        f"""INSERT INTO api_keys (org_id, id, user_id, service_account_id, display_name, scopes, secret_hash,
                                  expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8) RETURNING {_COLUMNS}""",
        key.org_id, key.id, owner_id if is_user else None, None if is_user else owner_id,
        display_name, scopes, key.hash, ttl,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def get(connection: Connection, org_id: UUID, key_id: UUID) -> ApiKey | None:
    """The key as it is now."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM api_keys WHERE org_id = $1 AND id = $2", org_id, key_id
    )
    return _from_row(row) if row else None


async def is_good(connection: Connection, org_id: UUID, key_id: UUID) -> bool:
    """Whether it is there and has not expired."""
    found = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM api_keys WHERE org_id = $1 AND id = $2 AND expires_at > now())",
        org_id, key_id,
    )  # fmt: skip
    return bool(found)


async def held(connection: Connection, org_id: UUID, key_id: UUID) -> tuple[ApiKey, timedelta] | None:
    """The key, which cannot be deleted before the transaction ends, and how long it is still good.

    KEY SHARE keeps deletes out and lets other uses of the key in, which write `last_used_at`.
    """
    row = await connection.fetchrow(
        f"""SELECT {_COLUMNS}, expires_at - now() AS remaining
            FROM api_keys WHERE org_id = $1 AND id = $2 FOR KEY SHARE""",
        org_id, key_id,
    )  # fmt: skip
    return (_from_row(row), row["remaining"]) if row else None


async def held_owner(connection: Connection, org_id: UUID, owner: str) -> Owner | None:
    """The owner, who cannot be disabled, changed or deleted before the transaction ends."""
    table, own = "service_accounts", "false AS disabled, 1 AS epoch"
    fixed, custom = "roles", "custom_roles"
    if names.is_user(owner):
        table, own = "users", "disabled, epoch, departments"
        fixed, custom = "merged(roles, group_roles)", "merged(custom_roles, group_custom_roles)"
    row = await connection.fetchrow(
        f"""SELECT {fixed} AS roles, {custom} AS custom_roles, custom_permissions(org_id, {custom}),
                   conditional_permissions(org_id, {custom}), {own}
            FROM {table} WHERE org_id = $1 AND id = $2 FOR SHARE""",
        org_id, names.id_of(owner),
    )  # fmt: skip
    if row is None:
        return None
    return Owner(
        roles=roles.from_stored(row["roles"]),
        custom_roles=tuple(row["custom_roles"]),
        custom_permissions=CustomPermissions.from_row(row),
        disabled=row["disabled"],
        epoch=row["epoch"],
    )


async def used(connection: Connection, org_id: UUID, key_id: UUID) -> bool:
    """Notes the use, at most once a minute; whether it did."""
    noted = await connection.fetchval(
        """UPDATE api_keys SET last_used_at = now()
           WHERE org_id = $1 AND id = $2
             AND (last_used_at IS NULL OR last_used_at <= now() - interval '1 minute')
           RETURNING true""",
        org_id, key_id,
    )  # fmt: skip
    return bool(noted)


async def page(
    connection: Connection, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[ApiKey]:
    """Newest first."""
    created_at, key_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM api_keys
            WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, created_at, key_id, limit,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def delete(connection: Connection, org_id: UUID, key_id: UUID) -> bool:
    """Whether there was one. Waits for exchanges of the key that have begun."""
    deleted = await connection.fetchval(
        "DELETE FROM api_keys WHERE org_id = $1 AND id = $2 RETURNING true", org_id, key_id
    )
    return bool(deleted)


async def delete_of_account(connection: Connection, org_id: UUID, account_id: UUID) -> None:
    """All keys of a service account, before the account: an exchange holds key and owner in this order."""
    await connection.execute(
        "DELETE FROM api_keys WHERE org_id = $1 AND service_account_id = $2", org_id, account_id
    )
