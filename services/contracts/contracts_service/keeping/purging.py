"""SQL that forgets: a contract with everything that stands under it, and its files if no other has them."""

from datetime import datetime, timedelta
from uuid import UUID

from contracts_service.keeping.model import DELETE
from service_runtime.postgres import Connection

# A file goes so long after its rows: a call that brings the same bytes in stores them first, its rows later.
FILE_AFTER = timedelta(days=1)


async def organizations(connection: Connection, after: UUID | None, limit: int) -> list[UUID]:
    """Those that ever did something, by id. Within a sweep."""
    rows = await connection.fetch(
        "SELECT org_id FROM audit_heads WHERE $1::uuid IS NULL OR org_id > $1 ORDER BY org_id LIMIT $2",
        after, limit,
    )  # fmt: skip
    return [row["org_id"] for row in rows]


async def due(connection: Connection, now: datetime) -> list[UUID]:
    """Deleted contracts of the organization that are to be purged."""
    rows = await connection.fetch(
        "SELECT id FROM contracts WHERE deleted_at IS NOT NULL AND purge_at <= $1 ORDER BY purge_at, id", now
    )
    return [row["id"] for row in rows]


async def retained(connection: Connection) -> list[UUID]:
    """Contracts of the organization with a class that deletes by itself."""
    rows = await connection.fetch(
        """SELECT contracts.id FROM contracts JOIN retention_classes
               ON retention_classes.org_id = contracts.org_id AND retention_classes.id = retention_class_id
           WHERE disposal = $1 AND deleted_at IS NULL ORDER BY contracts.id""",
        DELETE,
    )
    return [row["id"] for row in rows]


async def take(connection: Connection, contract_id: UUID, now: datetime) -> bool:
    """Holds the contract until the transaction ends, where it is due and nobody holds it."""
    taken = await connection.fetchval(
        "SELECT true FROM contracts WHERE id = $1 AND purge_at <= $2 FOR UPDATE", contract_id, now
    )
    # A statement of its own: it sees the hold that had the row until now.
    held = await connection.fetchval(
        "SELECT true FROM contract_holds WHERE contract_id = $1 AND lifted_at IS NULL LIMIT 1", contract_id
    )
    return bool(taken and not held)


async def forget(connection: Connection, org_id: UUID, contract_id: UUID, now: datetime) -> list[str]:
    """Deletes the contract's rows; the SHA-256 of the documents that went with it."""
    documents = await connection.fetch(
        """SELECT document_id FROM contract_documents WHERE contract_id = $1
           UNION SELECT document_id FROM contracts WHERE id = $1 AND document_id IS NOT NULL""",
        contract_id,
    )
    for statement in _FORGET:
        await connection.execute(statement, contract_id)
    return await _forget_documents(connection, org_id, [row["document_id"] for row in documents], now)


# What refers to another comes before it.
_FORGET = (
    "DELETE FROM entries WHERE operation_id IN (SELECT id FROM operations WHERE contract_id = $1)",
    "DELETE FROM extracted_values WHERE operation_id IN (SELECT id FROM operations WHERE contract_id = $1)",
    "DELETE FROM operation_groups WHERE operation_id IN (SELECT id FROM operations WHERE contract_id = $1)",
    "DELETE FROM cells WHERE contract_id = $1",
    "DELETE FROM reviews WHERE contract_id = $1",
    "DELETE FROM revisions WHERE contract_id = $1",
    "DELETE FROM contract_documents WHERE contract_id = $1",
    # Also those of other contracts that quote it.
    """DELETE FROM contradiction_reviews WHERE (contract_id, key) IN (
           SELECT contract_id, key FROM contradictions WHERE contract_id = $1 OR other_id = $1)""",
    "DELETE FROM contradictions WHERE contract_id = $1 OR other_id = $1",
    "DELETE FROM contradiction_searches WHERE contract_id = $1",
    "DELETE FROM contract_links WHERE contract_id = $1 OR target_id = $1",
    "DELETE FROM precedences WHERE contract_id = $1",
    "DELETE FROM contract_holds WHERE contract_id = $1",
    # What an import says of the file stays, without its name.
    """UPDATE import_files SET path = '', sha256 = NULL, contract_id = NULL, operation_id = NULL
       WHERE contract_id = $1""",
    "DELETE FROM operations WHERE contract_id = $1",
    "DELETE FROM contracts WHERE id = $1",
)


async def _forget_documents(
    connection: Connection, org_id: UUID, documents: list[UUID], now: datetime
) -> list[str]:
    """Those that no other contract has, or had."""
    gone = await connection.fetch(
        """SELECT id, encode(sha256, 'hex') AS sha256, object_key FROM documents WHERE id = ANY($1::uuid[])
               AND NOT EXISTS (SELECT FROM contracts WHERE document_id = documents.id)
               AND NOT EXISTS (SELECT FROM contract_documents WHERE document_id = documents.id)""",
        documents,
    )
    ids = [row["id"] for row in gone]
    await connection.execute("DELETE FROM page_words WHERE document_id = ANY($1::uuid[])", ids)
    await connection.execute("DELETE FROM page_layouts WHERE document_id = ANY($1::uuid[])", ids)
    await connection.execute("DELETE FROM document_tables WHERE document_id = ANY($1::uuid[])", ids)
    await connection.execute("DELETE FROM document_pages WHERE document_id = ANY($1::uuid[])", ids)
    await connection.execute("DELETE FROM documents WHERE id = ANY($1::uuid[])", ids)
    await connection.executemany(
        """INSERT INTO purged_objects (org_id, object_key, purged_at) VALUES ($1, $2, $3)
           ON CONFLICT (org_id, object_key) DO UPDATE SET purged_at = excluded.purged_at""",
        [(org_id, row["object_key"], now) for row in gone],
    )
    return sorted(row["sha256"] for row in gone)


async def forget_answers(connection: Connection, before: datetime) -> None:
    """Kept answers of the organization's calls that nobody repeats any more."""
    await connection.execute("DELETE FROM idempotency WHERE created_at < $1", before)


async def files_due(connection: Connection, now: datetime) -> list[str]:
    """Keys of the organization's objects."""
    rows = await connection.fetch(
        "SELECT object_key FROM purged_objects WHERE purged_at <= $1 ORDER BY purged_at", now - FILE_AFTER
    )
    return [row["object_key"] for row in rows]


async def is_wanted_again(connection: Connection, object_key: str) -> bool:
    """Whether the same file has come in since."""
    return bool(
        await connection.fetchval("SELECT EXISTS (SELECT FROM documents WHERE object_key = $1)", object_key)
    )


async def strike(connection: Connection, object_key: str) -> None:
    """The file is gone, or stays."""
    await connection.execute("DELETE FROM purged_objects WHERE object_key = $1", object_key)
