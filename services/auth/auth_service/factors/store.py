"""SQL for factors and recovery codes. What may happen once is decided by the row that changes."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg

from auth_service.factors.model import PASSKEY, TOTP, Factor, Kind, NewPasskey, Passkey, Totp
from service_runtime.postgres import Connection

_SHOWN = "id, kind, display_name, created_at, last_used_at"


def _factor(row: asyncpg.Record) -> Factor:
    return Factor(row["id"], row["kind"], row["display_name"], row["created_at"], row["last_used_at"])


async def hold_user(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    """Changes of one user's factors take turns from here on."""
    await connection.execute(
        "SELECT FROM users WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE", org_id, user_id
    )


async def in_force(connection: Connection, org_id: UUID, user_id: UUID) -> list[Factor]:
    """Oldest first."""
    rows = await connection.fetch(
        f"""SELECT {_SHOWN} FROM factors WHERE org_id = $1 AND user_id = $2 AND confirmed_at IS NOT NULL
            ORDER BY created_at, id""",
        org_id, user_id,
    )  # fmt: skip
    return [_factor(row) for row in rows]


async def count(connection: Connection, org_id: UUID, user_id: UUID, pending: timedelta) -> int:
    """Also those that wait for their first code; which have waited too long are removed."""
    await connection.execute(
        """DELETE FROM factors WHERE org_id = $1 AND user_id = $2 AND confirmed_at IS NULL
           AND created_at < now() - $3::interval""",
        org_id, user_id, pending,
    )  # fmt: skip
    found = await connection.fetchval(
        "SELECT count(*) FROM factors WHERE org_id = $1 AND user_id = $2", org_id, user_id
    )
    return int(found)


async def add_totp(connection: Connection, org_id: UUID, user_id: UUID, totp: Totp, named: str) -> Factor:
    """Not in force before it is confirmed."""
    row = await connection.fetchrow(
        f"""INSERT INTO factors (org_id, id, user_id, kind, display_name, wrapped)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_SHOWN}""",
        org_id, totp.id, user_id, TOTP, named, totp.wrapped,
    )  # fmt: skip
    return _made(row)


async def pending_totp(
    connection: Connection, org_id: UUID, user_id: UUID, factor_id: UUID, pending: timedelta
) -> Totp | None:
    """One that waits for its first code, and not for too long."""
    row = await connection.fetchrow(
        """SELECT id, wrapped FROM factors
           WHERE org_id = $1 AND user_id = $2 AND id = $3 AND kind = $4 AND confirmed_at IS NULL
             AND created_at >= now() - $5::interval""",
        org_id, user_id, factor_id, TOTP, pending,
    )  # fmt: skip
    return Totp(row["id"], row["wrapped"]) if row else None


async def confirm(connection: Connection, org_id: UUID, factor_id: UUID, step: int) -> Factor:
    """It is in force, and the code that showed it is used up."""
    row = await connection.fetchrow(
        f"""UPDATE factors SET confirmed_at = now(), last_step = $3 WHERE org_id = $1 AND id = $2
            RETURNING {_SHOWN}""",
        org_id, factor_id, step,
    )  # fmt: skip
    return _made(row)


async def totps(connection: Connection, org_id: UUID, user_id: UUID) -> list[Totp]:
    """Those in force."""
    rows = await connection.fetch(
        """SELECT id, wrapped FROM factors
           WHERE org_id = $1 AND user_id = $2 AND kind = $3 AND confirmed_at IS NOT NULL ORDER BY id""",
        org_id, user_id, TOTP,
    )  # fmt: skip
    return [Totp(row["id"], row["wrapped"]) for row in rows]


async def use_step(connection: Connection, org_id: UUID, factor_id: UUID, step: int) -> bool:
    """Whether no code of this step or of a later one was taken before. Of two at once one is the first."""
    used = await connection.fetchval(
        """UPDATE factors SET last_step = $3, last_used_at = now()
           WHERE org_id = $1 AND id = $2 AND last_step < $3 RETURNING true""",
        org_id, factor_id, step,
    )  # fmt: skip
    return bool(used)


async def add_passkey(
    connection: Connection, org_id: UUID, user_id: UUID, factor_id: UUID, made: NewPasskey, named: str
) -> Factor | None:
    """In force at once; None when this credential is here already."""
    row = await connection.fetchrow(
        f"""INSERT INTO factors (org_id, id, user_id, kind, display_name, confirmed_at, credential_id,
                                 public_key, sign_count, synced)
            VALUES ($1, $2, $3, $4, $5, now(), $6, $7, $8, $9)
            ON CONFLICT (org_id, credential_id) DO NOTHING RETURNING {_SHOWN}""",
        org_id, factor_id, user_id, PASSKEY, named, made.credential_id, made.public_key, made.sign_count,
        made.synced,
    )  # fmt: skip
    return _factor(row) if row else None


async def passkeys(connection: Connection, org_id: UUID, user_id: UUID) -> list[Passkey]:
    """Oldest first."""
    rows = await connection.fetch(
        """SELECT id, credential_id, public_key, synced FROM factors
           WHERE org_id = $1 AND user_id = $2 AND kind = $3 ORDER BY created_at, id""",
        org_id, user_id, PASSKEY,
    )  # fmt: skip
    return [Passkey(row["id"], row["credential_id"], row["public_key"], row["synced"]) for row in rows]


async def use_passkey(connection: Connection, org_id: UUID, factor_id: UUID, sign_count: int) -> bool:
    """Whether its count has grown, or it counts not at all."""
    used = await connection.fetchval(
        """UPDATE factors SET sign_count = $3, last_used_at = now()
           WHERE org_id = $1 AND id = $2 AND (sign_count < $3 OR (sign_count = 0 AND $3 = 0))
           RETURNING true""",
        org_id, factor_id, sign_count,
    )  # fmt: skip
    return bool(used)


async def delete(connection: Connection, org_id: UUID, user_id: UUID, factor_id: UUID) -> "Kind | None":
    """Of what kind it was; None where the user has no such factor."""
    kind: Kind | None = await connection.fetchval(
        "DELETE FROM factors WHERE org_id = $1 AND user_id = $2 AND id = $3 RETURNING kind",
        org_id, user_id, factor_id,
    )  # fmt: skip
    return kind


async def replace_codes(connection: Connection, org_id: UUID, user_id: UUID, hashes: Sequence[bytes]) -> None:
    """These and no others; without any the user has none."""
    await connection.execute("DELETE FROM recovery_codes WHERE org_id = $1 AND user_id = $2", org_id, user_id)
    await connection.execute(
        "INSERT INTO recovery_codes (org_id, user_id, hash) SELECT $1, $2, unnest($3::bytea [])",
        org_id, user_id, list(hashes),
    )  # fmt: skip


async def codes_left(connection: Connection, org_id: UUID, user_id: UUID) -> int:
    """How many were not used."""
    found = await connection.fetchval(
        "SELECT count(*) FROM recovery_codes WHERE org_id = $1 AND user_id = $2 AND used_at IS NULL",
        org_id, user_id,
    )  # fmt: skip
    return int(found)


async def use_code(connection: Connection, org_id: UUID, user_id: UUID, hashed: bytes) -> bool:
    """Whether it is one of the user's and was not used before. Of two at once one is the first."""
    used = await connection.fetchval(
        """UPDATE recovery_codes SET used_at = now()
           WHERE org_id = $1 AND user_id = $2 AND hash = $3 AND used_at IS NULL RETURNING true""",
        org_id, user_id, hashed,
    )  # fmt: skip
    return bool(used)


def _made(row: asyncpg.Record | None) -> Factor:
    if row is None:
        raise RuntimeError("a statement that makes a factor returned no row")
    return _factor(row)
