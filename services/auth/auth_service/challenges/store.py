"""SQL for challenges."""

from uuid import UUID

import asyncpg

from auth_service.challenges.model import LIFETIME, MOST_TRIES, Challenge, ChallengeToken, Given, Purpose
from service_runtime.identifiers import new_id
from service_runtime.postgres import Connection

# What one challenge clears of what others left.
_CLEARED_AT_ONCE = 100
_READ = "user_id, epoch, amr"


async def give(
    connection: Connection,
    org_id: UUID,
    purpose: Purpose,
    user_id: UUID | None = None,
    *,
    epoch: int = 0,
    methods: tuple[str, ...] = (),
) -> Given:
    """A new one; some that are past their end are removed, as far as nobody else does so."""
    token = ChallengeToken.new(org_id, new_id())
    await connection.execute(
        """DELETE FROM challenges WHERE org_id = $1 AND id IN (
               SELECT id FROM challenges WHERE org_id = $1 AND expires_at < now()
               ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )""",
        org_id, _CLEARED_AT_ONCE,
    )  # fmt: skip
    expires_at = await connection.fetchval(
        """INSERT INTO challenges (org_id, id, hash, purpose, user_id, epoch, amr, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8) RETURNING expires_at""",
        org_id, token.id, token.hash, purpose, user_id, epoch, methods, LIFETIME,
    )  # fmt: skip
    return Given(token, expires_at)


async def take(connection: Connection, token: ChallengeToken, purpose: Purpose) -> Challenge | None:
    """Counts a try. Others wait until the transaction ends; None when it is over, or never was."""
    row = await connection.fetchrow(
        f"""UPDATE challenges SET tries = tries + 1
            WHERE org_id = $1 AND id = $2 AND hash = $3 AND purpose = $4 AND expires_at > now() AND tries < $5
            RETURNING {_READ}""",
        token.org_id, token.id, token.hash, purpose, MOST_TRIES,
    )  # fmt: skip
    return _from_row(row)


async def consume(connection: Connection, token: ChallengeToken, purpose: Purpose) -> Challenge | None:
    """Ends it, whatever comes of its answer; None when it is over, or never was."""
    row = await connection.fetchrow(
        f"""DELETE FROM challenges
            WHERE org_id = $1 AND id = $2 AND hash = $3 AND purpose = $4 AND expires_at > now() AND tries < $5
            RETURNING {_READ}""",
        token.org_id, token.id, token.hash, purpose, MOST_TRIES,
    )  # fmt: skip
    return _from_row(row)


async def close(connection: Connection, token: ChallengeToken) -> None:
    """It was answered."""
    await connection.execute("DELETE FROM challenges WHERE org_id = $1 AND id = $2", token.org_id, token.id)


def _from_row(row: asyncpg.Record | None) -> Challenge | None:
    return Challenge(row["user_id"], row["epoch"], tuple(row["amr"])) if row else None
