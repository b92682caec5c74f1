"""SQL for terms that people have written, revisions, and the documents of a contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from contracts_service.documents import store as documents
from contracts_service.documents.model import Document
from service_runtime.postgres import Connection, Reads

_WRITTEN = "number, kind, actor, reason, paths, rule_pack"
_REVISION = f"{_WRITTEN}, at"


@dataclass(frozen=True, slots=True)
class Revision:
    """The contract after one change; `snapshot` is left out of lists."""

    number: int
    kind: int
    actor: str
    at: datetime
    reason: str
    paths: tuple[str, ...]
    rule_pack: str
    snapshot: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A file that the contract has, or had."""

    number: int
    document: Document
    actor: str
    at: datetime
    reason: str


def _revision(row: asyncpg.Record) -> Revision:
    fields = dict(row)
    return Revision(**fields | {"paths": tuple(fields["paths"])})


async def set_terms(connection: Connection, contract_id: UUID, terms: Mapping[str, Any]) -> None:
    """What people have written, by path."""
    await connection.execute(
        "UPDATE contracts SET terms = $2, version = version + 1, updated_at = now() WHERE id = $1",
        contract_id, dict(terms),
    )  # fmt: skip


async def add_revision(
    connection: Connection,
    org_id: UUID,
    contract_id: UUID,
    *,
    kind: int,
    actor: str,
    reason: str,
    paths: Sequence[str],
    rule_pack: str,
    snapshot: Mapping[str, Any],
) -> int:
    """The next revision of a contract that the caller holds; its number."""
    number = await connection.fetchval(
        "UPDATE contracts SET revision = revision + 1 WHERE id = $1 RETURNING revision", contract_id
    )
    await connection.execute(
        f"""INSERT INTO revisions (org_id, contract_id, {_WRITTEN}, snapshot)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        org_id, contract_id, number, kind, actor, reason, list(paths), rule_pack, dict(snapshot),
    )  # fmt: skip
    return int(number)


async def revisions(reads: Reads, contract_id: UUID, *, before: int | None, limit: int) -> list[Revision]:
    """Newest first, without their snapshots."""
    rows = await reads.fetch(
        f"""SELECT {_REVISION} FROM revisions
            WHERE contract_id = $1 AND ($2::integer IS NULL OR number < $2) ORDER BY number DESC LIMIT $3""",
        contract_id, before, limit,
    )  # fmt: skip
    return [_revision(row) for row in rows]


async def revision(reads: Reads, contract_id: UUID, number: int) -> Revision | None:
    """One with its snapshot."""
    row = await reads.fetchrow(
        f"SELECT {_REVISION}, snapshot FROM revisions WHERE contract_id = $1 AND number = $2",
        contract_id, number,
    )  # fmt: skip
    return _revision(row) if row else None


async def latest(reads: Reads, contract_id: UUID) -> Revision | None:
    """The last one, with its snapshot."""
    row = await reads.fetchrow(
        f"SELECT {_REVISION}, snapshot FROM revisions WHERE contract_id = $1 ORDER BY number DESC LIMIT 1",
        contract_id,
    )
    return _revision(row) if row else None


async def add_document(
    connection: Connection, org_id: UUID, contract_id: UUID, document_id: UUID, actor: str, reason: str
) -> None:
    """The next file of a contract that the caller holds."""
    await connection.execute(
        """INSERT INTO contract_documents (org_id, contract_id, number, document_id, actor, reason)
           SELECT $1, $2, count(*) + 1, $3, $4, $5 FROM contract_documents WHERE contract_id = $2""",
        org_id, contract_id, document_id, actor, reason,
    )  # fmt: skip


async def document_versions(reads: Reads, contract_id: UUID) -> list[DocumentVersion]:
    """Newest first."""
    rows = await reads.fetch(
        f"""SELECT number, actor, at, reason, {documents.COLUMNS}
            FROM contract_documents JOIN documents ON documents.org_id = contract_documents.org_id
                AND documents.id = contract_documents.document_id
            WHERE contract_id = $1 ORDER BY number DESC""",
        contract_id,
    )
    return [
        DocumentVersion(row["number"], documents.from_row(row), row["actor"], row["at"], row["reason"])
        for row in rows
    ]
