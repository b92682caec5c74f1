"""SQL of keeping: what is deleted, retained, held, and purged."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from contracts_service.keeping.model import Deleted, Hold, Placed, RetentionClass
from service_runtime.postgres import Connection, Reads

_CLASS = "id, display_name, years, anchor, disposal, version"
_HELD = """EXISTS (SELECT FROM contract_holds WHERE contract_holds.org_id = contracts.org_id
    AND contract_holds.contract_id = contracts.id AND lifted_at IS NULL)"""


async def deleted(
    reads: Reads,
    condition: str,
    arguments: Sequence[object],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Deleted]:
    """The latest first. `condition` comes from its compiler, with its arguments from $4 on."""
    deleted_at, contract_id = before or (None, None)
    rows = await reads.fetch(
        f"""SELECT id, label, deleter, deleted_at, purge_at, {_HELD} AS held FROM contracts
            WHERE deleted_at IS NOT NULL AND purge_at IS NOT NULL
              AND ($1::timestamptz IS NULL OR (deleted_at, id) < ($1, $2::uuid)) AND {condition}
            ORDER BY deleted_at DESC, id DESC LIMIT $3""",
        deleted_at, contract_id, limit, *arguments,
    )  # fmt: skip
    return [Deleted(**dict(row)) for row in rows]


async def lock(connection: Connection, contract_id: UUID, *, deleted_too: bool) -> bool:
    """Holds the row until the transaction ends; False where there is none."""
    return bool(
        await connection.fetchval(
            """SELECT true FROM contracts
               WHERE id = $1 AND (deleted_at IS NULL OR $2 AND purge_at IS NOT NULL) FOR UPDATE""",
            contract_id,
            deleted_too,
        )
    )


async def show(connection: Connection, contract_id: UUID) -> bool:
    """Takes the deletion back; False where another contract has the same file by now."""
    shown = await connection.fetchval(
        """UPDATE contracts SET deleted_at = NULL, deleter = NULL, purge_at = NULL, version = version + 1,
               updated_at = now()
           WHERE id = $1 AND NOT EXISTS (
               SELECT FROM contracts AS other
               WHERE other.document_id = contracts.document_id AND other.deleted_at IS NULL
           ) RETURNING true""",
        contract_id,
    )
    return bool(shown)


# Retention classes


async def insert_class(connection: Connection, org_id: UUID, new: RetentionClass) -> None:
    """Adds one."""
    await connection.execute(
        f"INSERT INTO retention_classes (org_id, {_CLASS}) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        org_id, new.id, new.display_name, new.years, new.anchor, new.disposal, new.version,
    )  # fmt: skip


async def class_of(reads: Reads, class_id: UUID) -> RetentionClass | None:
    """One."""
    row = await reads.fetchrow(f"SELECT {_CLASS} FROM retention_classes WHERE id = $1", class_id)
    return RetentionClass(**dict(row)) if row else None


async def classes(reads: Reads, after: tuple[str, UUID] | None, limit: int) -> list[RetentionClass]:
    """By name."""
    display_name, class_id = after or (None, None)
    rows = await reads.fetch(
        f"""SELECT {_CLASS} FROM retention_classes
            WHERE $1::text IS NULL OR (display_name, id) > ($1, $2::uuid)
            ORDER BY display_name, id LIMIT $3""",
        display_name, class_id, limit,
    )  # fmt: skip
    return [RetentionClass(**dict(row)) for row in rows]


async def update_class(connection: Connection, after: RetentionClass, version: int) -> bool:
    """False where it has another version by now."""
    changed = await connection.fetchval(
        """UPDATE retention_classes SET display_name = $2, years = $3, anchor = $4, disposal = $5,
               version = version + 1 WHERE id = $1 AND version = $6 RETURNING true""",
        after.id, after.display_name, after.years, after.anchor, after.disposal, version,
    )  # fmt: skip
    return bool(changed)


async def delete_class(connection: Connection, class_id: UUID) -> bool:
    """False while a contract has it."""
    gone = await connection.fetchval(
        """DELETE FROM retention_classes
           WHERE id = $1 AND NOT EXISTS (SELECT FROM contracts WHERE retention_class_id = $1)
           RETURNING true""",
        class_id,
    )
    return bool(gone)


async def retain(connection: Connection, contract_id: UUID, class_id: UUID | None) -> None:
    """Of a contract that the caller holds."""
    await connection.execute(
        """UPDATE contracts SET retention_class_id = $2, version = version + 1, updated_at = now()
           WHERE id = $1""",
        contract_id, class_id,
    )  # fmt: skip


async def retention(
    reads: Reads, contract_id: UUID
) -> tuple[RetentionClass | None, datetime, date | None] | None:
    """The class of a contract, when it came in, and when it expires: proven, or a person's word."""
    row = await reads.fetchrow(
        """SELECT retention_class_id, created_at,
                  (SELECT day FROM cells WHERE cells.org_id = contracts.org_id AND contract_id = contracts.id
                       AND field = 'expiration_date' AND review <> 4) AS expiration
           FROM contracts WHERE id = $1""",
        contract_id,
    )
    if row is None:
        return None
    of = await class_of(reads, row["retention_class_id"]) if row["retention_class_id"] else None
    return of, row["created_at"], row["expiration"]


# Holds


async def insert_hold(connection: Connection, org_id: UUID, new: Hold) -> None:
    """Adds one."""
    await connection.execute(
        "INSERT INTO holds (org_id, id, display_name, creator, created_at) VALUES ($1, $2, $3, $4, $5)",
        org_id, new.id, new.display_name, new.creator, new.created_at,
    )  # fmt: skip


async def holds(reads: Reads, before: tuple[datetime, UUID] | None, limit: int) -> list[Hold]:
    """Newest first."""
    created_at, hold_id = before or (None, None)
    rows = await reads.fetch(
        """SELECT id, display_name, creator, created_at,
                  (SELECT count(*) FROM contract_holds WHERE contract_holds.org_id = holds.org_id
                       AND hold_id = holds.id AND lifted_at IS NULL) AS contract_count
           FROM holds WHERE $1::timestamptz IS NULL OR (created_at, id) < ($1, $2::uuid)
           ORDER BY created_at DESC, id DESC LIMIT $3""",
        created_at, hold_id, limit,
    )  # fmt: skip
    return [Hold(**dict(row)) for row in rows]


async def hold(reads: Reads, hold_id: UUID) -> Hold | None:
    """One."""
    row = await reads.fetchrow(
        """SELECT id, display_name, creator, created_at,
                  (SELECT count(*) FROM contract_holds WHERE hold_id = holds.id AND lifted_at IS NULL)
                      AS contract_count
           FROM holds WHERE id = $1""",
        hold_id,
    )
    return Hold(**dict(row)) if row else None


async def place(
    connection: Connection, org_id: UUID, hold_id: UUID, contract_id: UUID, placer: str, reason: str
) -> bool:
    """False where it is held by this one already."""
    placed = await connection.fetchval(
        """INSERT INTO contract_holds (org_id, contract_id, hold_id, number, placer, reason)
           SELECT $1, $2, $3, count(*) + 1, $4, $5 FROM contract_holds
           WHERE contract_id = $2 AND hold_id = $3
           ON CONFLICT (org_id, contract_id, hold_id) WHERE lifted_at IS NULL DO NOTHING RETURNING true""",
        org_id, contract_id, hold_id, placer, reason,
    )  # fmt: skip
    return bool(placed)


async def lift(connection: Connection, hold_id: UUID, contract_id: UUID, lifter: str, reason: str) -> bool:
    """False where this one does not hold it."""
    lifted = await connection.fetchval(
        """UPDATE contract_holds SET lifter = $3, lifted_at = now(), lift_reason = $4
           WHERE hold_id = $1 AND contract_id = $2 AND lifted_at IS NULL RETURNING true""",
        hold_id, contract_id, lifter, reason,
    )  # fmt: skip
    return bool(lifted)


async def placed(reads: Reads, contract_id: UUID) -> list[Placed]:
    """Newest first."""
    rows = await reads.fetch(
        """SELECT hold_id, placer, placed_at, reason, lifter, lifted_at, lift_reason FROM contract_holds
           WHERE contract_id = $1 ORDER BY placed_at DESC, hold_id, number DESC""",
        contract_id,
    )
    return [Placed(**dict(row)) for row in rows]
