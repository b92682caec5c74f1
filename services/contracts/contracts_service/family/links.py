"""The rules of links: who may say them, and that none closes a circle."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import grpc

from bloom.contracts.v1 import record_service_pb2
from contracts_service import names
from contracts_service.contracts import access
from contracts_service.contracts import service as contracts
from contracts_service.contracts.model import Contract
from contracts_service.family import store
from contracts_service.family.model import Link
from contracts_service.record import revisions
from service_runtime.errors import DomainError, Reason, etag_mismatch, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

Change = dict[str, int | date | None]
CHANGEABLE = ("kind", "effective_date", "ordinal")


async def create(
    connection: Connection, identity: Identity, parent: str, target: str, said: Change, reason: str
) -> Link:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ALREADY_EXISTS, FAMILY_CIRCLE."""
    await store.hold_all(connection)
    contract = await contracts.locked(connection, identity, access.WRITE, parent, "")
    above = await access.permitted(connection, identity, access.READ, target)
    if way := await store.way_up(connection, above.id, contract.id):
        raise _circle(way)
    new = replace(
        Link(new_id(), contract.id, above.id, 0, None, 0, identity.subject, datetime.now(UTC)),
        **said,  # type: ignore[arg-type]  # of CHANGEABLE
    )
    if not await store.insert(connection, identity.tenant, new):
        raise DomainError(
            grpc.StatusCode.ALREADY_EXISTS,
            Reason.ERROR_REASON_ALREADY_EXISTS,
            "The two contracts are linked already. Change that link.",
            {"name": parent, "target": target},
        )
    await _keep(connection, identity, contract, "contract.linked", new, reason)
    return new


async def update(
    connection: Connection, identity: Identity, name: str, etag: str, said: Change, reason: str
) -> Link:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH."""
    contract, link = await _held(connection, identity, name, etag)
    changed = replace(link, **said)  # type: ignore[arg-type]  # of CHANGEABLE
    if changed == link:
        return link
    await store.update(connection, changed)
    await _keep(connection, identity, contract, "contract.link_updated", changed, reason)
    return replace(changed, version=link.version + 1)


async def delete(connection: Connection, identity: Identity, name: str, etag: str, reason: str) -> Link:
    """Raises NOT_FOUND, CONDITION_FORBIDS, ETAG_MISMATCH."""
    contract, link = await _held(connection, identity, name, etag)
    await store.delete(connection, contract.id, link.id)
    await _keep(connection, identity, contract, "contract.unlinked", link, reason)
    return link


async def _held(connection: Connection, identity: Identity, name: str, etag: str) -> tuple[Contract, Link]:
    contract = await contracts.locked(connection, identity, access.WRITE, names.contract_of(name), "")
    link = await store.link(connection, contract.id, names.id_of(name))
    if link is None:
        raise not_found(name)
    if etag and etag != link.etag:
        raise etag_mismatch(name, link.etag)
    return contract, link


async def _keep(
    connection: Connection, identity: Identity, contract: Contract, topic: str, link: Link, reason: str
) -> None:
    await revisions.take(
        connection,
        identity,
        contract.id,
        record_service_pb2.REVISION_KIND_UPDATED,
        reason=reason,
        paths=("links",),
    )
    await contracts.tell(connection, identity, topic, contract.id, {"target": names.contract(link.target_id)})


def _circle(way: list[UUID]) -> DomainError:
    told = [names.contract(one) for one in (way[-1], *way)]
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_FAMILY_CIRCLE,
        f"The link would close a circle: {' → '.join(told)}. Delete the link that is wrong first.",
        {"way": ",".join(told)},
    )
