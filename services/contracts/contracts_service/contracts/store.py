"""SQL for the contract record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from contracts_service.contracts.model import Contract, NewContract
from contracts_service.documents import store as documents
from service_runtime.money import Money
from service_runtime.postgres import Connection, Reads

_COLUMNS = f"""contracts.id, label, reference_no, office, agreement_type, state, tags, version, creator,
    contracts.created_at, updated_at, analysis_state, analysis_operation, published_operation, analysis,
    department, value_amount, value_currency, imported, revision, terms,
    {documents.COLUMNS}"""
_FROM = """FROM contracts LEFT JOIN documents ON documents.org_id = contracts.org_id
    AND documents.id = contracts.document_id"""
CHANGEABLE = ("label", "reference_no", "office", "agreement_type", "tags", "department", "contract_value")


def _from_row(row: asyncpg.Record) -> Contract:
    return Contract(
        id=row["id"],
        label=row["label"],
        reference_no=row["reference_no"],
        office=row["office"],
        agreement_type=row["agreement_type"],
        state=row["state"],
        tags=tuple(row["tags"]),
        version=row["version"],
        creator=row["creator"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        document=documents.from_row(row) if row["document_id"] else None,
        analysis_state=row["analysis_state"],
        analysis_operation=row["analysis_operation"],
        published_operation=row["published_operation"],
        analysis=row["analysis"],
        department=row["department"] or "",
        value=_value(row),
        imported=row["imported"],
        revision=row["revision"],
        terms=row["terms"],
    )


def _value(row: asyncpg.Record) -> Money | None:
    currency = row["value_currency"]
    return None if currency is None else Money(currency, row["value_amount"])


async def get(reads: Reads, contract_id: UUID, *, deleted_too: bool = False) -> Contract | None:
    """The contract, unless it is hidden."""
    row = await reads.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE contracts.id = $1 AND ($2 OR deleted_at IS NULL)",
        contract_id, deleted_too,
    )  # fmt: skip
    return _from_row(row) if row else None


async def many(reads: Reads, contract_ids: Sequence[UUID]) -> list[Contract]:
    """Those that are not hidden, oldest first."""
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} {_FROM} WHERE contracts.id = ANY($1::uuid[]) AND deleted_at IS NULL
            ORDER BY contracts.created_at, contracts.id""",
        list(contract_ids),
    )
    return [_from_row(row) for row in rows]


async def by_document(connection: Connection, document_id: UUID) -> Contract | None:
    """The contract that has this document."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} {_FROM} WHERE document_id = $1 AND deleted_at IS NULL", document_id
    )
    return _from_row(row) if row else None


async def insert(
    connection: Connection, org_id: UUID, contract_id: UUID, creator: str, new: NewContract
) -> bool:
    """Adds a record; False when another call has just added one for the same document."""
    added = await connection.fetchval(
        """INSERT INTO contracts (org_id, id, document_id, label, reference_no, office, agreement_type, state,
                                  tags, creator, imported, department, value_amount, value_currency)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           ON CONFLICT DO NOTHING RETURNING true""",
        org_id, contract_id, new.document_id, new.label, new.reference_no, new.office, new.agreement_type,
        new.state, list(new.tags), creator, new.imported,
        *_columns({"department": new.department, "contract_value": new.value}).values(),
    )  # fmt: skip
    return bool(added)


async def page(
    reads: Reads,
    where: str,
    arguments: Sequence[object],
    before: tuple[datetime, UUID] | None,
    limit: int,
    *,
    reach: str = "true",
) -> list[Contract]:
    """Newest first. `where` and `reach` come from their compilers, with their arguments from $4 on."""
    created_at, contract_id = before or (None, None)
    rows = await reads.fetch(
        f"""SELECT {_COLUMNS} {_FROM}
            WHERE deleted_at IS NULL
              AND ($1::timestamptz IS NULL OR (contracts.created_at, contracts.id) < ($1, $2::uuid))
              AND ({where}) AND ({reach})
            ORDER BY contracts.created_at DESC, contracts.id DESC LIMIT $3""",
        created_at, contract_id, limit, *arguments,
    )  # fmt: skip
    return [_from_row(row) for row in rows]


async def lock(connection: Connection, contract_id: UUID) -> Contract | None:
    """The contract, held until the transaction ends."""
    held = await connection.fetchval(
        "SELECT true FROM contracts WHERE id = $1 AND deleted_at IS NULL FOR UPDATE", contract_id
    )
    return await get(connection, contract_id) if held else None


async def update(connection: Connection, contract_id: UUID, columns: Mapping[str, object]) -> None:
    """Writes columns of CHANGEABLE and counts the change."""
    unknown = set(columns) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"not changeable: {unknown}")
    written = _columns(columns)
    assignments = "".join(f"{column} = ${number}, " for number, column in enumerate(written, start=2))
    await connection.execute(
        f"UPDATE contracts SET {assignments}version = version + 1, updated_at = now() WHERE id = $1",
        contract_id, *written.values(),
    )  # fmt: skip


def _columns(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields of the record by column."""
    columns = dict(fields)
    if "department" in columns:
        columns["department"] = columns["department"] or None
    if "contract_value" in columns:
        value = columns.pop("contract_value")
        known = value if isinstance(value, Money) else None
        columns["value_amount"] = known.amount if known else None
        columns["value_currency"] = known.currency if known else None
    return columns


async def set_state(connection: Connection, contract_id: UUID, state: int) -> None:
    """The next state of its life."""
    await connection.execute(
        "UPDATE contracts SET state = $2, version = version + 1, updated_at = now() WHERE id = $1",
        contract_id, state,
    )  # fmt: skip


async def set_document(connection: Connection, contract_id: UUID, document_id: UUID) -> None:
    """The file that the contract has from now on; what was read from the one before stays with it."""
    await connection.execute(
        """UPDATE contracts SET document_id = $2, version = version + 1, updated_at = now() WHERE id = $1""",
        contract_id, document_id,
    )  # fmt: skip


async def hide(
    connection: Connection, contract_id: UUID, deleter: str, at: datetime, purge_at: datetime
) -> None:
    """Takes the contract out of every read; the rows stay until it is purged."""
    await connection.execute(
        """UPDATE contracts SET deleted_at = $3, deleter = $2, purge_at = $4, version = version + 1
           WHERE id = $1""",
        contract_id, deleter, at, purge_at,
    )  # fmt: skip


async def set_analysis_state(
    connection: Connection, contract_id: UUID, state: int, operation_id: UUID | None = None
) -> None:
    """Shows where the analysis stands; with an operation, which one it is."""
    await connection.execute(
        """UPDATE contracts SET analysis_state = $2, analysis_operation = coalesce($3, analysis_operation),
                                version = version + 1, updated_at = now() WHERE id = $1""",
        contract_id, state, operation_id,
    )  # fmt: skip


async def publish(
    connection: Connection, contract_id: UUID, operation_id: UUID, analysis: Mapping[str, object], state: int
) -> None:
    """Shows the values of `operation_id` from now on."""
    await connection.execute(
        """UPDATE contracts SET published_operation = $2, analysis = $3, analysis_state = $4,
                                version = version + 1, updated_at = now() WHERE id = $1""",
        contract_id, operation_id, dict(analysis), state,
    )  # fmt: skip
