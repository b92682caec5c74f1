"""SQL for links between contracts, and for the precedence that people have declared."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from contracts_service.family.model import CHANGES, Link
from service_runtime.postgres import Connection, Reads

_LINK = "id, contract_id, target_id, kind, effective_date, ordinal, creator, created_at, version"


async def reach(reads: Reads, contract_id: UUID, *, all_below: bool, most: int) -> list[UUID]:
    """The contract and what is linked with it by whatever way; at most `most`.

    Of what stands under one of them, only amendments, unless `all_below`.
    """
    rows = await reads.fetch(
        """WITH RECURSIVE reached (id) AS (
               SELECT $1::uuid
               UNION
               SELECT next.id FROM reached, LATERAL (
                   SELECT target_id AS id FROM contract_links WHERE contract_id = reached.id
                   UNION ALL
                   SELECT contract_id FROM contract_links
                   WHERE target_id = reached.id AND ($2 OR kind = ANY($3::smallint[]))
               ) AS next
           )
           SELECT id FROM reached LIMIT $4""",
        contract_id, all_below, list(CHANGES), most,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def way_up(connection: Connection, start: UUID, goal: UUID) -> list[UUID] | None:
    """From `start` along links to `goal`, both included; None where no way leads there."""
    way: list[UUID] | None = await connection.fetchval(
        """WITH RECURSIVE ways (id, way) AS (
               SELECT $1::uuid, ARRAY[$1::uuid]
               UNION ALL
               SELECT target_id, way || target_id FROM ways JOIN contract_links ON contract_id = ways.id
               WHERE NOT target_id = ANY(way) AND ways.id <> $2
           )
           SELECT way FROM ways WHERE id = $2 ORDER BY cardinality(way) LIMIT 1""",
        start, goal,
    )  # fmt: skip
    return way


async def hold_all(connection: Connection) -> None:
    """Until the transaction ends nobody else links: two links that are sound alone may close a circle."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext('families'), hashtext(current_org()::text))"
    )


async def links(reads: Reads, contract_ids: Sequence[UUID]) -> list[Link]:
    """From any of the contracts, oldest first."""
    rows = await reads.fetch(
        f"""SELECT {_LINK} FROM contract_links WHERE contract_id = ANY($1::uuid[])
            ORDER BY created_at, id""",
        list(contract_ids),
    )
    return [Link(**dict(row)) for row in rows]


async def link(connection: Connection, contract_id: UUID, link_id: UUID) -> Link | None:
    """One of a contract that the caller holds."""
    row = await connection.fetchrow(
        f"SELECT {_LINK} FROM contract_links WHERE contract_id = $1 AND id = $2", contract_id, link_id
    )
    return Link(**dict(row)) if row else None


async def insert(connection: Connection, org_id: UUID, new: Link) -> bool:
    """False where the two are linked already."""
    added = await connection.fetchval(
        """INSERT INTO contract_links (org_id, contract_id, id, target_id, kind, effective_date, ordinal,
                                       creator, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING true""",
        org_id, new.contract_id, new.id, new.target_id, new.kind, new.effective_date, new.ordinal,
        new.creator, new.created_at,
    )  # fmt: skip
    return bool(added)


async def update(connection: Connection, changed: Link) -> None:
    """Writes what may change, and counts."""
    await connection.execute(
        """UPDATE contract_links SET kind = $3, effective_date = $4, ordinal = $5, version = version + 1
           WHERE contract_id = $1 AND id = $2""",
        changed.contract_id, changed.id, changed.kind, changed.effective_date, changed.ordinal,
    )  # fmt: skip


async def delete(connection: Connection, contract_id: UUID, link_id: UUID) -> None:
    """The revisions keep what it was."""
    await connection.execute(
        "DELETE FROM contract_links WHERE contract_id = $1 AND id = $2", contract_id, link_id
    )


async def precedence(reads: Reads, contract_id: UUID) -> tuple[tuple[UUID, ...], int]:
    """What was declared for a contract, and its version; nothing and 0 where nobody has."""
    row = await reads.fetchrow("SELECT members, version FROM precedences WHERE contract_id = $1", contract_id)
    return (tuple(row["members"]), row["version"]) if row else ((), 0)


async def set_precedence(
    connection: Connection, org_id: UUID, contract_id: UUID, members: Sequence[UUID]
) -> None:
    """From now on."""
    await connection.execute(
        """INSERT INTO precedences (org_id, contract_id, members) VALUES ($1, $2, $3)
           ON CONFLICT (org_id, contract_id)
           DO UPDATE SET members = excluded.members, version = precedences.version + 1""",
        org_id, contract_id, list(members),
    )  # fmt: skip


async def dated(
    reads: Reads, fields: Sequence[str], dates: Sequence[date], condition: str, arguments: Sequence[object]
) -> list[UUID]:
    """Contracts that hold from one of the days; `condition` comes from its compiler, from $3 on."""
    rows = await reads.fetch(
        f"""SELECT DISTINCT contracts.id FROM contracts
            JOIN cells ON cells.org_id = contracts.org_id AND cells.contract_id = contracts.id
            WHERE field = ANY($1::text[]) AND day = ANY($2::date[]) AND deleted_at IS NULL AND {condition}
            LIMIT 50""",
        list(fields), list(dates), *arguments,
    )  # fmt: skip
    return [row["id"] for row in rows]
