"""The rules of keeping: what may be deleted, had back, held and let go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import grpc

from bloom.contracts.v1 import record_service_pb2
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contracts import store as contract_store
from contracts_service.contracts.model import Contract
from contracts_service.keeping import store
from contracts_service.keeping.guarding import keeping_of
from contracts_service.keeping.model import Deleted, Hold, Keeping, RetentionClass
from contracts_service.record import revisions
from service_runtime import audit, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

_DEFAULT_PAGE = 25
_FIRST_ARGUMENT = 4


async def deleted(
    postgres: Postgres, identity: Identity, *, size: int, token: str
) -> tuple[list[Deleted], str]:
    """A page, the latest first, and the token of the next."""
    cursor, size = pagination.decode(token, "deleted", parts=2), size or _DEFAULT_PAGE
    before = pagination.moment_and_id(cursor) if cursor else None
    reach, arguments = access.within(identity, _FIRST_ARGUMENT)
    found = await store.deleted(postgres.reader(identity.tenant), reach, arguments, before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.deleted_at.isoformat(), str(last.id)], "deleted")


async def undelete(connection: Connection, identity: Identity, name: str, reason: str) -> Contract:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ALREADY_EXISTS where another contract has its file by now."""
    contract = await _locked(connection, identity, access.DELETE, name)
    if await contract_store.get(connection, contract.id):
        return contract
    if not await store.show(connection, contract.id):
        raise DomainError(
            grpc.StatusCode.ALREADY_EXISTS,
            Reason.ERROR_REASON_ALREADY_EXISTS,
            "Another contract has this very file by now. Delete that one first.",
            {"name": name},
        )
    back = await revisions.take(
        connection, identity, contract.id, record_service_pb2.REVISION_KIND_RESTORED, reason=reason
    )
    await contracts.tell(connection, identity, "contract.undeleted", contract.id, {})
    return back


# Retention classes


async def create_class(connection: Connection, identity: Identity, new: RetentionClass) -> RetentionClass:
    """Raises CONDITION_FORBIDS: a class reaches farther than a permission for some contracts."""
    access.require_unconditional(identity, access.KEEP)
    await store.insert_class(connection, identity.tenant, new)
    await audit.record(
        connection, identity, "retention_class.created", names.retention_class(new.id), _told(new)
    )
    return new


async def classes(
    postgres: Postgres, identity: Identity, *, size: int, token: str
) -> tuple[list[RetentionClass], str]:
    """A page by name, and the token of the next."""
    access.of_no_contract(access.READ)
    cursor, size = pagination.decode(token, "retentionClasses", parts=2), size or _DEFAULT_PAGE
    after = (cursor[0], pagination.identifier(cursor[1])) if cursor else None
    found = await store.classes(postgres.reader(identity.tenant), after, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.display_name, str(last.id)], "retentionClasses")


async def update_class(
    connection: Connection, identity: Identity, name: str, etag: str, said: dict[str, str | int]
) -> RetentionClass:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH."""
    access.require_unconditional(identity, access.KEEP)
    before = await _class(connection, name)
    if etag and etag != before.etag:
        raise etag_mismatch(name, before.etag)
    after = replace(before, **said)  # type: ignore[arg-type]  # of its own fields
    if not await store.update_class(connection, after, before.version):
        raise etag_mismatch(name, "")
    await audit.record(connection, identity, "retention_class.updated", name, _told(after))
    return replace(after, version=before.version + 1)


async def delete_class(connection: Connection, identity: Identity, name: str) -> None:
    """Raises NOT_FOUND, CONDITION_FORBIDS, STATE_FORBIDS."""
    access.require_unconditional(identity, access.KEEP)
    of = await _class(connection, name)
    if not await store.delete_class(connection, of.id):
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_STATE_FORBIDS,
            "Contracts have this class, maybe deleted ones. Put them into another one first.",
            {"name": name},
        )
    await audit.record(connection, identity, "retention_class.deleted", name)


async def retain(
    connection: Connection, identity: Identity, name: str, class_name: str, reason: str
) -> Keeping:
    """Raises NOT_FOUND, CONDITION_FORBIDS."""
    contract = await contracts.locked(connection, identity, access.KEEP, name, "")
    of = await _class(connection, class_name) if class_name else None
    await store.retain(connection, contract.id, of.id if of else None)
    detail = {"retention_class": class_name, "reason_sha256": audit.fingerprint({"reason": reason})}
    await contracts.tell(connection, identity, "contract.retained", contract.id, detail)
    return await keeping_of(connection, contract.id)


async def keeping(reads: Reads, identity: Identity, name: str) -> Keeping:
    """Raises NOT_FOUND, CONDITION_FORBIDS."""
    contract = await access.permitted(reads, identity, access.READ, names.contract_of(name))
    return await keeping_of(reads, contract.id)


# Holds


async def create_hold(connection: Connection, identity: Identity, display_name: str) -> Hold:
    """A matter that holds nothing yet."""
    access.of_no_contract(access.KEEP)
    new = Hold(new_id(), display_name, identity.subject, datetime.now(UTC))
    await store.insert_hold(connection, identity.tenant, new)
    await audit.record(connection, identity, "hold.created", names.hold(new.id))
    return new


async def holds(postgres: Postgres, identity: Identity, *, size: int, token: str) -> tuple[list[Hold], str]:
    """A page, newest first, and the token of the next."""
    cursor, size = pagination.decode(token, "holds", parts=2), size or _DEFAULT_PAGE
    before = pagination.moment_and_id(cursor) if cursor else None
    found = await store.holds(postgres.reader(identity.tenant), before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "holds")


async def place(
    connection: Connection, identity: Identity, name: str, held: Sequence[str], reason: str
) -> Hold:
    """Raises NOT_FOUND, CONDITION_FORBIDS; then nothing is held."""
    hold = await _hold(connection, name)
    for one in sorted(held):
        contract = await _locked(connection, identity, access.KEEP, one)
        if await store.place(connection, identity.tenant, hold.id, contract.id, identity.subject, reason):
            await audit.record(connection, identity, "contract.held", one, {"hold": name})
    return await _hold(connection, name)


async def lift(
    connection: Connection, identity: Identity, name: str, let_go: Sequence[str], reason: str
) -> Hold:
    """Raises NOT_FOUND, CONDITION_FORBIDS; then nothing is let go."""
    hold = await _hold(connection, name)
    for one in sorted(let_go):
        contract = await _locked(connection, identity, access.KEEP, one)
        if await store.lift(connection, hold.id, contract.id, identity.subject, reason):
            await audit.record(connection, identity, "contract.let_go", one, {"hold": name})
    return await _hold(connection, name)


async def _locked(connection: Connection, identity: Identity, permission: str, name: str) -> Contract:
    """A contract, deleted or not, held until the transaction ends."""
    there = await store.lock(connection, names.id_of(name), deleted_too=True)
    found = await contract_store.get(connection, names.id_of(name), deleted_too=True) if there else None
    return access.require_permitted(identity, permission, found, name)


async def _class(connection: Connection, name: str) -> RetentionClass:
    found = await store.class_of(connection, names.id_of(name))
    if found is None:
        raise not_found(name)
    return found


async def _hold(connection: Connection, name: str) -> Hold:
    found = await store.hold(connection, names.id_of(name))
    if found is None:
        raise not_found(name)
    return found


def _told(of: RetentionClass) -> dict[str, str | int | bool]:
    return {"years": of.years, "anchor": of.anchor, "disposal": of.disposal}
