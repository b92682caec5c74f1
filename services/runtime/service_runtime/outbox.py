"""The outbox: events written with the rows they tell of, delivered after the commit, at least once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from service_runtime.postgres import Connection, Postgres


@dataclass(frozen=True, slots=True)
class Event:
    """A consumer de-duplicates by `event_id`."""

    event_id: UUID
    org_id: UUID
    topic: str
    payload: Mapping[str, object]


async def append(connection: Connection, org_id: UUID, topic: str, payload: Mapping[str, object]) -> None:
    """Announces something in the transaction that makes it true."""
    await connection.execute(
        "INSERT INTO outbox (org_id, topic, payload) VALUES ($1, $2, $3)", org_id, topic, dict(payload)
    )


async def drain(postgres: Postgres, deliver: Callable[[Event], Awaitable[None]], *, limit: int = 100) -> int:
    """Delivers up to `limit` waiting events, oldest first; returns how many. Several relays may run.

    An event is gone only when `deliver` returned and the transaction committed; when `deliver` raises, it and
    those after it stay, and the error goes to the caller.
    """
    async with postgres.relaying() as connection:
        rows = await connection.fetch(
            "SELECT id, org_id, topic, payload FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED", limit
        )
        for row in rows:
            await deliver(Event(row["id"], row["org_id"], row["topic"], row["payload"]))
        if rows:
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1)", [row["id"] for row in rows])
    return len(rows)
