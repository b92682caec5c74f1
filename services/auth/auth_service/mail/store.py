"""SQL for mail on its way."""

from datetime import timedelta

import asyncpg

from auth_service.mail.sealing import Sealed
from service_runtime.postgres import Connection

# For so long nobody else sends what one relay has taken; a transport gives up before.
_TAKEN = timedelta(seconds=60)
_READ = "org_id, id, sealed, expires_at, attempts"


async def enqueue(connection: Connection, mail: Sealed) -> None:
    """In the transaction of what the mail is about."""
    await connection.execute(
        "INSERT INTO mail_queue (org_id, id, sealed, expires_at) VALUES ($1, $2, $3, $4)",
        mail.org_id, mail.id, mail.sealed, mail.expires_at,
    )  # fmt: skip


async def take_due(connection: Connection) -> Sealed | None:
    """The mail that is due longest, for this relay alone."""
    row = await connection.fetchrow(
        f"""UPDATE mail_queue SET attempts = attempts + 1, due_at = now() + $1
            WHERE (org_id, id) = (
                SELECT org_id, id FROM mail_queue WHERE due_at <= now() AND expires_at > now()
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) RETURNING {_READ}""",
        _TAKEN,
    )
    return _from_row(row) if row else None


async def remove(connection: Connection, mail: Sealed) -> None:
    """It was sent, or never will be."""
    await connection.execute("DELETE FROM mail_queue WHERE org_id = $1 AND id = $2", mail.org_id, mail.id)


async def postpone(connection: Connection, mail: Sealed, wait: timedelta) -> None:
    """It was not taken."""
    await connection.execute(
        "UPDATE mail_queue SET due_at = now() + $3 WHERE org_id = $1 AND id = $2",
        mail.org_id, mail.id, wait,
    )  # fmt: skip


async def clear_expired(connection: Connection) -> None:
    """Removes mails whose link no longer works."""
    await connection.execute("DELETE FROM mail_queue WHERE expires_at <= now()")


def _from_row(row: asyncpg.Record) -> Sealed:
    return Sealed(row["org_id"], row["id"], row["sealed"], row["expires_at"], row["attempts"])
