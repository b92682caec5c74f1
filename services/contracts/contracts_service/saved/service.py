"""The rules of saved views: one's own to change, shared ones to see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc

from contracts_service import names
from contracts_service.contracts import access
from contracts_service.saved import store
from contracts_service.saved.store import View
from service_runtime import audit, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

COLUMN_SETS, SEARCHES = "columnSets", "savedSearches"
_ACTION = {COLUMN_SETS: "columnset", SEARCHES: "savedsearch"}
_DEFAULT_PAGE = 50
# More than anybody keeps; it bounds what one person can fill.
_MAX_OWN = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What is not None is written; of the body, what it names."""

    display_name: str | None = None
    shared: bool | None = None
    body: Mapping[str, Any] | None = None


async def create(connection: Connection, identity: Identity, kind: str, change: Change) -> View:
    """A new view of the caller's. Raises STATE_FORBIDS for one too many."""
    access.of_no_contract(access.READ)
    if await store.count(connection, identity.subject) >= _MAX_OWN:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_STATE_FORBIDS,
            f"You have saved {_MAX_OWN} views. Delete one first.",
        )
    new = View(
        new_id(),
        kind,
        identity.subject,
        change.display_name or "",
        shared=bool(change.shared),
        body=change.body or {},
    )
    await store.insert(connection, identity.tenant, new)
    await audit.record(connection, identity, f"{_ACTION[kind]}.created", new.name)
    return new


async def seen(reads: Reads, identity: Identity, name: str) -> View:
    """One's own, or a shared one. Raises NOT_FOUND."""
    found = await store.get(reads, name.partition("/")[0], names.id_of(name))
    if found is None or not (found.shared or found.owner == identity.subject):
        raise not_found(name)
    return found


async def page(
    postgres: Postgres, identity: Identity, kind: str, *, size: int, token: str
) -> tuple[list[View], str]:
    """One's own and shared ones, by name, and the token of the next page."""
    access.of_no_contract(access.READ)
    size = size or _DEFAULT_PAGE
    cursor = pagination.decode(token, kind, parts=2)
    after = (cursor[0], pagination.identifier(cursor[1])) if cursor else None
    found = await store.page(postgres.reader(identity.tenant), kind, identity.subject, after, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.display_name, str(last.id)], kind)


async def update(postgres: Postgres, identity: Identity, name: str, etag: str, change: Change) -> View:
    """Raises NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH."""
    access.of_no_contract(access.READ)
    async with postgres.transaction(identity.tenant) as connection:
        before = await _own(connection, identity, name)
        if etag and etag != before.etag:
            raise etag_mismatch(name, before.etag)
        after = replace(
            before,
            display_name=before.display_name if change.display_name is None else change.display_name,
            shared=before.shared if change.shared is None else change.shared,
            body={**before.body, **(change.body or {})},
            version=before.version + 1,
        )
        await store.update(connection, after)
        await audit.record(connection, identity, f"{_ACTION[before.kind]}.updated", name)
    return after


async def delete(postgres: Postgres, identity: Identity, name: str) -> None:
    """Raises NOT_FOUND, PERMISSION_DENIED."""
    access.of_no_contract(access.READ)
    async with postgres.transaction(identity.tenant) as connection:
        before = await _own(connection, identity, name)
        await store.delete(connection, before.id)
        await audit.record(connection, identity, f"{_ACTION[before.kind]}.deleted", name)


def written(paths: Sequence[str], is_set: Sequence[str], changeable: Sequence[str]) -> frozenset[str]:
    """Which fields a mask writes; without one, those that are set. Raises INVALID_FIELD."""
    if not paths:
        return frozenset(is_set) & frozenset(changeable)
    if list(paths) == ["*"]:
        return frozenset(changeable)
    if wrong := [path for path in paths if path not in changeable]:
        raise invalid("update_mask", f"{wrong[0]} cannot be changed; these can: {', '.join(changeable)}")
    return frozenset(paths)


async def _own(connection: Connection, identity: Identity, name: str) -> View:
    found = await seen(connection, identity, name)
    if found.owner != identity.subject:
        raise DomainError(
            grpc.StatusCode.PERMISSION_DENIED,
            Reason.ERROR_REASON_PERMISSION_DENIED,
            "It belongs to somebody else. Save one of your own.",
            {"name": name},
        )
    return found
