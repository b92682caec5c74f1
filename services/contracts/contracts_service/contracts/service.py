"""The rules of the contract record."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2, record_service_pb2
from contracts_service import names
from contracts_service.contracts import access, store
from contracts_service.contracts.model import Contract, NewContract
from contracts_service.documents.model import Document
from contracts_service.filtering import FIRST_ARGUMENT, compile_filter
from contracts_service.keeping.guarding import require_deletable
from contracts_service.record import documents, revisions
from service_runtime import audit, outbox, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_DEFAULT_PAGE = 25
# How long a deleted contract can be had back.
RECOVERABLE = timedelta(days=30)


def require_document(contract: Contract) -> Document:
    """Raises DOCUMENT_MISSING for a draft that has none yet."""
    if contract.document is None:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_DOCUMENT_MISSING,
            "The contract has no document yet. Attach one.",
            {"name": names.contract(contract.id)},
        )
    return contract.document


def require_text(contract: Contract) -> Document:
    """Raises DOCUMENT_MISSING, and DOCUMENT_NEEDS_OCR for a scan that nobody has read."""
    document = require_document(contract)
    if document.text_state == contract_pb2.TEXT_STATE_NEEDS_OCR:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_DOCUMENT_NEEDS_OCR,
            "The document is a scan without text. Run OCR on it, or upload a version with text.",
            {"name": names.contract(contract.id)},
        )
    return document


async def page(
    postgres: Postgres, identity: Identity, *, size: int, token: str, filter_text: str
) -> tuple[list[Contract], str]:
    """A page of contracts, newest first, and the token of the next."""
    where, arguments = compile_filter(filter_text)
    reach, of_reach = access.within(identity, FIRST_ARGUMENT + len(arguments))
    cursor = pagination.decode(token, "contracts", filter_text, parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = size or _DEFAULT_PAGE
    found = await store.page(
        postgres.reader(identity.tenant), where, [*arguments, *of_reach], before, size + 1, reach=reach
    )
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode(
        [last.created_at.isoformat(), str(last.id)], "contracts", filter_text
    )


async def update(
    connection: Connection, identity: Identity, name: str, etag: str, columns: Mapping[str, object]
) -> Contract:
    """Changes the record, if it is still the one that was read.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH.
    """
    contract = await locked(connection, identity, access.WRITE, name, etag)
    if not columns:
        return contract
    if columns.get("label") == "":
        raise invalid("contract.label", "a contract needs a label")
    await store.update(connection, contract.id, columns)
    changed = await revisions.take(
        connection, identity, contract.id, record_service_pb2.REVISION_KIND_UPDATED, paths=tuple(columns)
    )
    await tell(connection, identity, "contract.updated", contract.id, {"fields": ",".join(columns)})
    access.require_kept(identity, access.WRITE, changed)
    return changed


async def delete(postgres: Postgres, identity: Identity, name: str, etag: str) -> None:
    """It can be had back for a while.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, LEGAL_HOLD, RETENTION.
    """
    async with postgres.transaction(identity.tenant) as connection:
        contract = await locked(connection, identity, access.DELETE, name, etag)
        now = datetime.now(UTC)
        await require_deletable(connection, contract.id, now.date())
        await hide(connection, identity, contract.id, now)


async def hide(connection: Connection, identity: Identity, contract_id: UUID, now: datetime) -> None:
    """Deletes a contract that the caller holds, and that nothing keeps."""
    await revisions.take(connection, identity, contract_id, record_service_pb2.REVISION_KIND_DELETED)
    await store.hide(connection, contract_id, identity.subject, now, now + RECOVERABLE)
    await tell(connection, identity, "contract.deleted", contract_id, {})


async def create(
    connection: Connection, identity: Identity, contract_id: UUID, new: NewContract, action: str
) -> bool:
    """Adds a contract with its first revision; False when the document has one already."""
    if not await store.insert(connection, identity.tenant, contract_id, identity.subject, new):
        return False
    if new.document_id is not None:
        await documents.add(connection, identity, contract_id, new.document_id, "")
    await revisions.take(connection, identity, contract_id, record_service_pb2.REVISION_KIND_CREATED)
    detail = {"document": names.document(new.document_id)} if new.document_id else {}
    await tell(connection, identity, action, contract_id, detail)
    return True


async def attach(
    connection: Connection, identity: Identity, name: str, document_id: UUID, *, reason: str, etag: str
) -> Contract:
    """Gives the contract its next file.

    Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH, ALREADY_EXISTS.
    """
    contract = await locked(connection, identity, access.WRITE, name, etag)
    if contract.document is not None and contract.document.id == document_id:
        return contract
    if other := await store.by_document(connection, document_id):
        raise _taken(other, seen=access.sees(identity, other))
    await store.set_document(connection, contract.id, document_id)
    await documents.add(connection, identity, contract.id, document_id, reason)
    attached = await revisions.take(
        connection,
        identity,
        contract.id,
        record_service_pb2.REVISION_KIND_DOCUMENT_ATTACHED,
        reason=reason,
        paths=("document",),
    )
    await tell(
        connection,
        identity,
        "contract.document_attached",
        contract.id,
        {"document": names.document(document_id)},
    )
    return attached


def _taken(other: Contract, *, seen: bool) -> DomainError:
    return DomainError(
        grpc.StatusCode.ALREADY_EXISTS,
        Reason.ERROR_REASON_ALREADY_EXISTS,
        "Another contract has this very file.",
        {"name": names.contract(other.id)} if seen else {},
    )


async def locked(
    connection: Connection, identity: Identity, permission: str, name: str, etag: str
) -> Contract:
    """The contract, held until the transaction ends. Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH."""
    held = await store.lock(connection, names.id_of(name))
    contract = access.require_permitted(identity, permission, held, name)
    if etag and etag != contract.etag:
        raise etag_mismatch(name, contract.etag)
    return contract


async def tell(
    connection: Connection,
    identity: Identity,
    topic: str,
    contract_id: UUID,
    detail: Mapping[str, str | int | bool],
) -> None:
    """Audit and outbox, after the change's revision and in its transaction."""
    name = names.contract(contract_id)
    sealed = await revisions.sealed(connection, contract_id)
    await audit.record(connection, identity, topic, name, {**detail, **sealed})
    await outbox.append(connection, identity.tenant, topic, {"contract": name})
