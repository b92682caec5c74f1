"""The rules of the contract record."""

from collections.abc import Mapping
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2
from contracts_service import names
from contracts_service.contracts import access, store
from contracts_service.contracts.filter import FIRST_ARGUMENT, compile_filter
from contracts_service.contracts.model import Contract
from service_runtime import audit, outbox, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid
from service_runtime.identity import Identity
from service_runtime.money import Money
from service_runtime.postgres import Connection, Postgres

_DEFAULT_PAGE = 25


def require_text(contract: Contract) -> None:
    """Raises DOCUMENT_NEEDS_OCR for a scan that nobody has read."""
    if contract.document.text_state == contract_pb2.TEXT_STATE_NEEDS_OCR:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_DOCUMENT_NEEDS_OCR,
            "The document is a scan without text. Run OCR on it, or upload a version with text.",
            {"name": names.contract(contract.id)},
        )


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
    contract = await _locked(connection, identity, access.WRITE, name, etag)
    if not columns:
        return contract
    if columns.get("label") == "":
        raise invalid("contract.label", "a contract needs a label")
    await store.update(connection, contract.id, columns)
    await _tell(connection, identity, "contract.updated", contract.id, {"fields": ",".join(columns)})
    changed = await store.get(connection, contract.id)
    if changed is None:
        raise RuntimeError("a contract vanished while it was held")
    access.require_kept(identity, access.WRITE, changed)
    return changed


async def delete(postgres: Postgres, identity: Identity, name: str, etag: str) -> None:
    """Hides the contract. Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH."""
    async with postgres.transaction(identity.tenant) as connection:
        contract = await _locked(connection, identity, access.DELETE, name, etag)
        await store.hide(connection, contract.id)
        await _tell(connection, identity, "contract.deleted", contract.id, {})


async def create(
    connection: Connection,
    identity: Identity,
    contract_id: UUID,
    document_id: UUID,
    *,
    label: str,
    reference_no: str,
    department: str,
    value: Money | None,
) -> bool:
    """Adds an imported contract, which starts ACTIVE; False when the document has one already."""
    fields = {
        "label": label,
        "reference_no": reference_no,
        "state": contract_pb2.CONTRACT_STATE_ACTIVE,
        "creator": identity.subject,
        "department": department,
        "contract_value": value,
    }
    if not await store.insert(connection, identity.tenant, contract_id, document_id, fields):
        return False
    await _tell(
        connection, identity, "contract.uploaded", contract_id, {"document": names.document(document_id)}
    )
    return True


async def _locked(
    connection: Connection, identity: Identity, permission: str, name: str, etag: str
) -> Contract:
    held = await store.lock(connection, names.id_of(name))
    contract = access.require_permitted(identity, permission, held, name)
    if etag and etag != contract.etag:
        raise etag_mismatch(name, contract.etag)
    return contract


async def _tell(
    connection: Connection,
    identity: Identity,
    topic: str,
    contract_id: UUID,
    detail: dict[str, str | int | bool],
) -> None:
    """Audit and outbox, in the transaction of the change."""
    name = names.contract(contract_id)
    await audit.record(connection, identity, topic, name, detail)
    await outbox.append(connection, identity.tenant, topic, {"contract": name})
