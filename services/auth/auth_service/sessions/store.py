"""SQL for sessions and their refresh tokens."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from auth_service import roles
from auth_service.granted import CustomPermissions
from auth_service.sessions.model import PresentedToken, RefreshToken, Session
from auth_service.tokens.authentication import Authentication, together
from service_runtime.postgres import Connection

# What one sign-in clears of what others left.
_CLEARED_AT_ONCE = 100
_SHOWN = "id, user_id, created_at, expires_at, rotated_at, user_agent"
_GOES_ON = "ended_at IS NULL AND expires_at > now()"


def _session(row: asyncpg.Record) -> Session:
    return Session(
        id=row["id"],
        user_id=row["user_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["rotated_at"] or row["created_at"],
        user_agent=row["user_agent"],
    )


async def insert(
    connection: Connection,
    token: RefreshToken,
    user_id: UUID,
    lifetime: timedelta,
    user_agent: str,
    authentication: Authentication,
) -> None:
    """Begins a session with its first token."""
    await connection.execute(
        """WITH begun AS (
               INSERT INTO sessions (org_id, id, user_id, expires_at, user_agent, amr, authenticated_at)
               VALUES ($1, $2, $3, now() + $5, $6, $7, $8)
           )
           INSERT INTO refresh_tokens (org_id, session_id, hash, generation) VALUES ($1, $2, $4, 1)""",
        token.org_id, token.session_id, user_id, token.hash, lifetime, user_agent, authentication.methods,
        authentication.at,
    )  # fmt: skip


async def user_of(connection: Connection, org_id: UUID, session_id: UUID) -> UUID | None:
    """Whose it is, whether it goes on or not; None where there is none."""
    found: UUID | None = await connection.fetchval(
        "SELECT user_id FROM sessions WHERE org_id = $1 AND id = $2", org_id, session_id
    )
    return found


async def page(
    connection: Connection, org_id: UUID, user_id: UUID, before: tuple[datetime, UUID] | None, limit: int
) -> list[Session]:
    """A user's sessions that go on, newest first."""
    created_at, session_id = before or (None, None)
    rows = await connection.fetch(
        f"""SELECT {_SHOWN} FROM sessions
            WHERE org_id = $1 AND user_id = $2 AND {_GOES_ON}
              AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
            ORDER BY created_at DESC, id DESC LIMIT $5""",
        org_id, user_id, created_at, session_id, limit,
    )  # fmt: skip
    return [_session(row) for row in rows]


async def hold(connection: Connection, token: RefreshToken) -> None:
    """Refreshes of one session take turns from here on."""
    await connection.execute(
        "SELECT FROM sessions WHERE org_id = $1 AND id = $2 FOR UPDATE", token.org_id, token.session_id
    )


async def presented(connection: Connection, token: RefreshToken) -> PresentedToken | None:
    """What is known of a token. Read after `hold`: one statement would see rows from before its wait."""
    row = await connection.fetchrow(
        """SELECT sessions.user_id, merged(users.roles, users.group_roles) AS roles, users.departments,
                  custom_permissions(users.org_id, users.custom_roles || users.group_custom_roles),
                  conditional_permissions(users.org_id, users.custom_roles || users.group_custom_roles),
                  tokens.generation, sessions.generation AS newest,
                  rotation_nonce, rotation_client, now() - coalesce(rotated_at, sessions.created_at) AS age,
                  ended_at IS NULL AND expires_at > now() AND NOT users.disabled AS open, users.epoch,
                  amr, coalesce(authenticated_at, sessions.created_at) AS authenticated_at
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
        custom_permissions=CustomPermissions.from_row(row),
        open=row["open"],
        generation=row["generation"],
        newest_generation=row["newest"],
        age=row["age"],
        rotation_nonce=row["rotation_nonce"],
        rotation_client=row["rotation_client"],
        epoch=row["epoch"],
        authentication=Authentication(tuple(row["amr"]), row["authenticated_at"]),
    )


async def hold_open(connection: Connection, org_id: UUID, session_id: UUID) -> tuple[str, ...] | None:
    """What was shown in a session (RFC 8176), which others wait for from here on; None when it is over."""
    methods = await connection.fetchval(
        f"SELECT amr FROM sessions WHERE org_id = $1 AND id = $2 AND {_GOES_ON} FOR UPDATE",
        org_id, session_id,
    )  # fmt: skip
    return None if methods is None else tuple(methods)


async def shown_in(connection: Connection, org_id: UUID, session_id: UUID) -> Authentication | None:
    """What was shown in a session, and when last; None when it is over."""
    row = await connection.fetchrow(
        f"""SELECT amr, coalesce(authenticated_at, created_at) FROM sessions
            WHERE org_id = $1 AND id = $2 AND {_GOES_ON} FOR SHARE""",
        org_id, session_id,
    )  # fmt: skip
    return Authentication(tuple(row[0]), row[1]) if row else None


async def authenticated(
    connection: Connection, org_id: UUID, session_id: UUID, anew: Authentication
) -> Authentication | None:
    """Who is in the session has shown who he is once more; all that he has shown. None when it is over."""
    before = await hold_open(connection, org_id, session_id)
    if before is None:
        return None
    now = Authentication(together(before, anew.methods), anew.at)
    await connection.execute(
        "UPDATE sessions SET amr = $3, authenticated_at = $4 WHERE org_id = $1 AND id = $2",
        org_id, session_id, now.methods, now.at,
    )  # fmt: skip
    return now


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


async def end(connection: Connection, org_id: UUID, session_id: UUID, reason: str) -> bool:
    """Ends one session with all its tokens; whether it went on until now."""
    ended = await connection.fetchval(
        """UPDATE sessions SET ended_at = now(), end_reason = $3, rotation_nonce = NULL
           WHERE org_id = $1 AND id = $2 AND ended_at IS NULL RETURNING true""",
        org_id, session_id, reason,
    )  # fmt: skip
    return bool(ended)


async def end_all(
    connection: Connection, org_id: UUID, user_id: UUID, reason: str, *, but: UUID | None = None
) -> list[UUID]:
    """Ends every session of a user, or every other; those that went on until now."""
    rows = await connection.fetch(
        """UPDATE sessions SET ended_at = now(), end_reason = $3, rotation_nonce = NULL
           WHERE org_id = $1 AND user_id = $2 AND ended_at IS NULL AND id IS DISTINCT FROM $4
           RETURNING id""",
        org_id, user_id, reason, but,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def clear_expired(connection: Connection, org_id: UUID) -> None:
    """Removes sessions that are past their end, with their tokens, as far as no other sign-in does so."""
    await connection.execute(
        """DELETE FROM sessions WHERE org_id = $1 AND id IN (
               SELECT id FROM sessions WHERE org_id = $1 AND expires_at < now()
               ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
           )""",
        org_id, _CLEARED_AT_ONCE,
    )  # fmt: skip
