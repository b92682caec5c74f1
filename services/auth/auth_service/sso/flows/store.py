"""SQL for sign-ins under way, and for who a provider's person is here."""

from datetime import datetime
from uuid import UUID

from auth_service.sso.model import FLOW_LIFETIME, StateToken
from service_runtime.postgres import Connection

# What one sign-in clears of what others left.
_CLEARED_AT_ONCE = 100


async def insert(
    connection: Connection,
    token: StateToken,
    connection_id: UUID,
    browser_hash: bytes,
    wrapped: bytes,
    return_path: str,
) -> datetime:
    """When it ends; some that are past their end are removed, as far as nobody else does so."""
    await connection.execute(
        """DELETE FROM sso_flows WHERE org_id = $1 AND id IN (
               SELECT id FROM sso_flows WHERE org_id = $1 AND expires_at < now()
               ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )""",
        token.org_id, _CLEARED_AT_ONCE,
    )  # fmt: skip
    expires_at: datetime = await connection.fetchval(
        """INSERT INTO sso_flows (org_id, id, connection_id, hash, browser_hash, wrapped, return_path,
                                  expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8) RETURNING expires_at""",
        token.org_id, token.id, connection_id, token.hash, browser_hash, wrapped, return_path, FLOW_LIFETIME,
    )  # fmt: skip
    return expires_at


async def consume(
    connection: Connection, token: StateToken, browser_hash: bytes
) -> tuple[UUID, bytes, str] | None:
    """Ends it, whatever comes of it: its connection, what is wrapped, and the return path.

    None when it is over, never was, or began in another browser, which does not end it.
    """
    row = await connection.fetchrow(
        """DELETE FROM sso_flows
           WHERE org_id = $1 AND id = $2 AND hash = $3 AND browser_hash = $4 AND expires_at > now()
           RETURNING connection_id, wrapped, return_path""",
        token.org_id, token.id, token.hash, browser_hash,
    )  # fmt: skip
    return (row["connection_id"], row["wrapped"], row["return_path"]) if row else None


async def bound(connection: Connection, org_id: UUID, issuer: str, subject: str) -> UUID | None:
    """The user that a provider's person is here."""
    found: UUID | None = await connection.fetchval(
        "SELECT user_id FROM sso_subjects WHERE org_id = $1 AND issuer = $2 AND subject = $3",
        org_id, issuer, subject,
    )  # fmt: skip
    return found


async def bind(connection: Connection, org_id: UUID, issuer: str, subject: str, user_id: UUID) -> bool:
    """From here on; False where somebody else of the provider is this user."""
    added = await connection.fetchval(
        """INSERT INTO sso_subjects (org_id, issuer, subject, user_id) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING RETURNING true""",
        org_id, issuer, subject, user_id,
    )  # fmt: skip
    return bool(added)
