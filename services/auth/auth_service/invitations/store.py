"""SQL for invitations. Only those that are not too old are found."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.invitations.model import Invitation
from auth_service.links.model import LinkToken
from auth_service.roles import CustomRoles, Roles
from service_runtime.postgres import Connection

_READ = "id, email, roles, custom_roles, invited_by, created_at, expires_at"
_WORKS = "org_id = $1 AND id = $2 AND hash = $3 AND expires_at > now()"


def _from_row(row: asyncpg.Record) -> Invitation:
    return Invitation(
        id=row["id"],
        email=row["email"],
        roles=roles.from_stored(row["roles"]),
        custom_roles=tuple(row["custom_roles"]),
        invited_by=row["invited_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


async def replace(
    connection: Connection,
    token: LinkToken,
    email: str,
    granted: Roles,
    custom: CustomRoles,
    invited_by: str,
    lifetime: timedelta,
) -> Invitation:
    """A new one, in place of another of the same e-mail."""
    await connection.execute(
        "DELETE FROM invitations WHERE org_id = $1 AND (email = $2 OR expires_at <= now())",
        token.org_id, email,
    )  # fmt: skip
    row = await connection.fetchrow(
        f"""INSERT INTO invitations (org_id, id, email, roles, custom_roles, invited_by, hash, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8) RETURNING {_READ}""",
        token.org_id, token.id, email, granted, custom, invited_by, token.hash, lifetime,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("an insert returned no row")
    return _from_row(row)


async def page(
    connection: Connection, org_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[Invitation]:
    """Newest first."""
    created_at, invitation_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_READ} FROM invitations
            WHERE org_id = $1 AND expires_at > now()
              AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $4""",
        org_id, created_at, invitation_id, limit,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def delete(connection: Connection, org_id: UUID, invitation_id: UUID) -> str | None:
    """Whose e-mail it was for; None where there is none."""
    email: str | None = await connection.fetchval(
        "DELETE FROM invitations WHERE org_id = $1 AND id = $2 AND expires_at > now() RETURNING email",
        org_id, invitation_id,
    )  # fmt: skip
    return email


async def offered(connection: Connection, token: LinkToken) -> Invitation | None:
    """What the link is for."""
    row = await connection.fetchrow(
        f"SELECT {_READ} FROM invitations WHERE {_WORKS}", token.org_id, token.id, token.hash
    )
    return _from_row(row) if row else None


async def consume(connection: Connection, token: LinkToken) -> Invitation | None:
    """What it was for until now. Of many tries at once the row lets one through."""
    row = await connection.fetchrow(
        f"DELETE FROM invitations WHERE {_WORKS} RETURNING {_READ}", token.org_id, token.id, token.hash
    )
    return _from_row(row) if row else None
