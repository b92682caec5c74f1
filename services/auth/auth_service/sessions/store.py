"""SQL for sessions and their refresh tokens."""

from datetime import timedelta
from uuid import UUID

from auth_service import roles
from auth_service.sessions.model import PresentedToken, RefreshToken
from service_runtime.postgres import Connection

# What one sign-in clears of what others left.
_CLEARED_AT_ONCE = 100


async def insert(connection: Connection, token: RefreshToken, user_id: UUID, lifetime: timedelta) -> None:
    """Begins a session with its first token."""
    await connection.execute(
        """WITH begun AS (
               INSERT INTO sessions (org_id, id, user_id, expires_at) VALUES ($1, $2, $3, now() + $5)
           )
           INSERT INTO refresh_tokens (org_id, session_id, hash, generation) VALUES ($1, $2, $4, 1)""",
        token.org_id, token.session_id, user_id, token.hash, lifetime,
    )  # fmt: skip


async def hold(connection: Connection, token: RefreshToken) -> None:
    """Refreshes of one session take turns from here on."""
    await connection.execute(
        "SELECT FROM sessions WHERE org_id = $1 AND id = $2 FOR UPDATE", token.org_id, token.session_id
    )


async def presented(connection: Connection, token: RefreshToken) -> PresentedToken | None:
    """What is known of a token. Read after `hold`: one statement would see rows from before its wait."""
    row = await connection.fetchrow(
        """SELECT sessions.user_id, users.roles, custom_permissions(users.org_id, users.custom_roles),
                  tokens.generation, sessions.generation AS newest,
                  rotation_nonce, rotation_client, now() - coalesce(rotated_at, sessions.created_at) AS age,
                  ended_at IS NULL AND expires_at > now() AND NOT users.disabled AS open
           FROM refresh_tokens AS tokens
           JOIN sessions ON sessions.org_id = tokens.org_id AND sessions.id = tokens.session_id
           JOIN users ON users.org_id = sessions.org_id AND users.id = sessions.user_id
           WHERE tokens.org_id = $1 AND tokens.session_id = $2 AND tokens.hash = $3""",
        token.org_id, token.session_id, token.hash,
    )  # fmt: skip
    if row is None:
        return None
    return PresentedToken(
        user_id=row["user_id"],
        roles=roles.from_stored(row["roles"]),
        custom_permissions=tuple(row["custom_permissions"]),
        open=row["open"],
        generation=row["generation"],
        newest_generation=row["newest"],
        age=row["age"],
        rotation_nonce=row["rotation_nonce"],
        rotation_client=row["rotation_client"],
    )


async def rotate(connection: Connection, successor: RefreshToken, nonce: bytes, client: bytes) -> None:
    """Makes `successor` the one token that is good."""
    await connection.execute(
        """WITH rotated AS (
               UPDATE sessions SET generation = generation + 1, rotated_at = now(),
                                   rotation_nonce = $4, rotation_client = $5
               WHERE org_id = $1 AND id = $2 RETURNING generation
           )
           INSERT INTO refresh_tokens (org_id, session_id, hash, generation)
           SELECT $1, $2, $3, generation FROM rotated""",
        successor.org_id, successor.session_id, successor.hash, nonce, client,
    )  # fmt: skip


async def end(connection: Connection, token: RefreshToken, reason: str) -> None:
    """Ends one session with all its tokens."""
    await connection.execute(
        """UPDATE sessions SET ended_at = now(), end_reason = $3, rotation_nonce = NULL
           WHERE org_id = $1 AND id = $2 AND ended_at IS NULL""",
        token.org_id, token.session_id, reason,
    )  # fmt: skip


async def end_all(connection: Connection, org_id: UUID, user_id: UUID, reason: str) -> None:
    """Ends every session of a user."""
    await connection.execute(
        """UPDATE sessions SET ended_at = now(), end_reason = $3, rotation_nonce = NULL
           WHERE org_id = $1 AND user_id = $2 AND ended_at IS NULL""",
        org_id, user_id, reason,
    )  # fmt: skip


async def clear_expired(connection: Connection, org_id: UUID) -> None:
    """Removes sessions that are past their end, with their tokens, as far as no other sign-in does so."""
    await connection.execute(
        """DELETE FROM sessions WHERE org_id = $1 AND id IN (
               SELECT id FROM sessions WHERE org_id = $1 AND expires_at < now()
               ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )""",
        org_id, _CLEARED_AT_ONCE,
    )  # fmt: skip
