"""SQL for links. A link is there as long as it works."""

from datetime import datetime
from uuid import UUID

from auth_service.links.model import LinkToken, Purpose
from service_runtime.postgres import Connection

# What one link clears of what others left.
_CLEARED_AT_ONCE = 100
_WORKS = "org_id = $1 AND id = $2 AND hash = $3 AND purpose = $4 AND expires_at > now()"


async def insert(
    connection: Connection, token: LinkToken, account_id: UUID, purpose: Purpose, expires_at: datetime
) -> None:
    """Some that are too old are removed, as far as nobody else does so."""
    await connection.execute(
        """DELETE FROM links WHERE org_id = $1 AND id IN (
               SELECT id FROM links WHERE org_id = $1 AND expires_at < now()
               ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )""",
        token.org_id, _CLEARED_AT_ONCE,
    )  # fmt: skip
    await connection.execute(
        """INSERT INTO links (org_id, id, account_id, purpose, hash, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        token.org_id, token.id, account_id, purpose, token.hash, expires_at,
    )  # fmt: skip


async def whose(connection: Connection, token: LinkToken, purpose: Purpose) -> UUID | None:
    """The account of a link that works."""
    account_id: UUID | None = await connection.fetchval(
        f"SELECT account_id FROM links WHERE {_WORKS}", token.org_id, token.id, token.hash, purpose
    )
    return account_id


async def consume(connection: Connection, token: LinkToken, purpose: Purpose) -> UUID | None:
    """The account of a link that worked until now. Of many tries at once the row lets one through."""
    account_id: UUID | None = await connection.fetchval(
        f"DELETE FROM links WHERE {_WORKS} RETURNING account_id",
        token.org_id, token.id, token.hash, purpose,
    )  # fmt: skip
    return account_id


async def consume_all(connection: Connection, org_id: UUID, account_id: UUID, purpose: Purpose) -> None:
    """No link of this purpose works any more."""
    await connection.execute(
        "DELETE FROM links WHERE org_id = $1 AND account_id = $2 AND purpose = $3",
        org_id, account_id, purpose,
    )  # fmt: skip
