"""SQL for signing keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import asyncpg

from service_runtime.postgres import Connection

# Any number that no other lock of this database has.
_LOCK = 7_261_001
_COLUMNS = "kid, public, wrapped, signs_from, expires_at"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as its row holds it. `expires_at` is set once there is a newer one."""

    kid: str
    public: Mapping[str, object]
    wrapped: bytes = field(repr=False)
    signs_from: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """One that is not kept yet."""

    kid: str
    public: Mapping[str, object]
    wrapped: bytes = field(repr=False)


async def take_turns(connection: Connection) -> None:
    """Processes that start or rotate at once do so one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def known(connection: Connection) -> list[StoredKey]:
    """All that sign, will sign, or may have signed a token that is still good; the newest first."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM signing_keys WHERE expires_at IS NULL OR expires_at > now()
            ORDER BY signs_from DESC, created_at DESC"""
    )
    return [_from_row(row) for row in rows]


async def is_due(connection: Connection, age: timedelta) -> bool:
    """Whether the newest key has signed for so long, by the database's clock."""
    found = await connection.fetchval(
        "SELECT signs_from <= now() - $1::interval FROM signing_keys WHERE active", age
    )
    return bool(found)


async def is_coming(connection: Connection) -> bool:
    """Whether a key is published that does not sign yet."""
    return bool(await connection.fetchval("SELECT signs_from > now() FROM signing_keys WHERE active"))


async def add(connection: Connection, key: NewKey, *, published: timedelta) -> None:
    """The key that signs when it has been `published` for so long."""
    await connection.execute(
        """INSERT INTO signing_keys (kid, public, wrapped, active, signs_from)
           VALUES ($1, $2, $3, true, now() + $4::interval)""",
        key.kid, dict(key.public), key.wrapped, published,
    )  # fmt: skip


async def retire(connection: Connection, after: timedelta) -> None:
    """Those that sign now are good for so long yet; those that have less, for what they have."""
    await connection.execute(
        """UPDATE signing_keys
           SET active = false, expires_at = least(expires_at, now() + $1::interval)
           WHERE expires_at IS NULL OR expires_at > now()""",
        after,
    )


def _from_row(row: asyncpg.Record) -> StoredKey:
    return StoredKey(row["kid"], row["public"], row["wrapped"], row["signs_from"], row["expires_at"])
