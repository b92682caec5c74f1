"""SQL for signing keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service_runtime.postgres import Connection

# Any number that no other lock of this database has.
_LOCK = 7_261_001


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as its row holds it."""

    kid: str
    public: Mapping[str, object]
    wrapped: bytes = field(repr=False)


async def take_turns(connection: Connection) -> None:
    """Processes that start at once look for the active key one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def active(connection: Connection) -> StoredKey | None:
    """The key that signs."""
    row = await connection.fetchrow("SELECT kid, public, wrapped FROM signing_keys WHERE active")
    return StoredKey(row["kid"], row["public"], row["wrapped"]) if row else None


async def add_active(connection: Connection, key: StoredKey) -> None:
    """Adds the key that signs from now on."""
    await connection.execute(
        "INSERT INTO signing_keys (kid, public, wrapped, active) VALUES ($1, $2, $3, true)",
        key.kid, dict(key.public), key.wrapped,
    )  # fmt: skip


async def published(connection: Connection) -> list[Mapping[str, object]]:
    """Public JSON Web Keys of all keys that may have signed a token which is still good, newest first."""
    rows = await connection.fetch(
        """SELECT public FROM signing_keys WHERE expires_at IS NULL OR expires_at > now()
           ORDER BY created_at DESC"""
    )
    return [row["public"] for row in rows]
