"""SQL for audit events and signed heads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from service_runtime.chain_file import Head
from service_runtime.postgres import Connection, Reads
from service_runtime.signed_head import Seal


@dataclass(frozen=True, slots=True)
class Filter:
    """What an event must fit; empty is all. An action that ends with a dot is the beginning of a name."""

    actor: str = ""
    action: str = ""
    resource: str = ""
    start: datetime | None = None
    end: datetime | None = None


async def page(
    reads: Reads, org_id: UUID, wanted: Filter, before: int | None, limit: int
) -> list[asyncpg.Record]:
    """Newest first. What fits is looked for along the chain, from its end."""
    return await reads.fetch(
        """SELECT seq, at, event, hash FROM audit_events
           WHERE org_id = $1 AND ($2::bigint IS NULL OR seq < $2)
             AND ($3::timestamptz IS NULL OR at >= $3) AND ($4::timestamptz IS NULL OR at < $4)
             AND ($5 = '' OR event::jsonb ->> 'actor' = $5)
             AND ($6 = '' OR event::jsonb ->> 'action' = $6
                  OR right($6, 1) = '.' AND starts_with(event::jsonb ->> 'action', $6))
             AND ($7 = '' OR event::jsonb ->> 'resource' = $7)
           ORDER BY seq DESC LIMIT $8""",
        org_id, before, wanted.start, wanted.end, wanted.actor, wanted.action, wanted.resource, limit,
    )  # fmt: skip


async def chain(
    reads: Reads, org_id: UUID, *, after: int, until: int, limit: int
) -> Sequence[asyncpg.Record]:
    """Events in their order."""
    return await reads.fetch(
        """SELECT seq, event, hash FROM audit_events
           WHERE org_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4""",
        org_id, after, until, limit,
    )  # fmt: skip


async def head(reads: Reads, org_id: UUID) -> Head:
    """The end of the chain as the writers know it."""
    row = await reads.fetchrow("SELECT seq, hash FROM audit_heads WHERE org_id = $1", org_id)
    return Head(row["seq"], row["hash"].hex()) if row else Head()


async def newest_signed(reads: Reads, org_id: UUID) -> Head:
    """The last head that was signed, with its signature; the empty chain's where none was."""
    row = await reads.fetchrow(
        """SELECT seq, hash, signature, key FROM audit_signed_heads
           WHERE org_id = $1 ORDER BY seq DESC LIMIT 1""",
        org_id,
    )
    return Head(row["seq"], row["hash"].hex(), Seal(row["signature"], row["key"])) if row else Head()


async def add_signed(connection: Connection, org_id: UUID, signed: Head, seal: Seal, at: datetime) -> None:
    """Keeps a signed head."""
    await connection.execute(
        """INSERT INTO audit_signed_heads (org_id, seq, hash, signature, key, signed_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        org_id, signed.seq, bytes.fromhex(signed.hash), seal.signature, dict(seal.key), at,
    )  # fmt: skip


async def take_turn(connection: Connection, org_id: UUID) -> None:
    """Processes sign the heads of an organization one after the other; writers of events do not wait."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('audit head ' || $1, 0))", str(org_id)
    )


async def grown(connection: Connection, after: UUID | None, limit: int) -> list[UUID]:
    """Organizations whose chain is not signed up to its end, in the order of their ids. Within a sweep."""
    rows = await connection.fetch(
        """SELECT org_id FROM audit_heads AS head
           WHERE ($1::uuid IS NULL OR org_id > $1) AND NOT EXISTS (
               SELECT FROM audit_signed_heads AS signed
               WHERE signed.org_id = head.org_id AND signed.seq >= head.seq
           ) ORDER BY org_id LIMIT $2""",
        after, limit,
    )  # fmt: skip
    return [row["org_id"] for row in rows]
