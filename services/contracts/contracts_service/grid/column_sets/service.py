"""Which columns a grid has: the catalogue's fields, those that were asked for, or those of a saved set."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import grpc

from contracts_service import names
from contracts_service.fields import FIELDS
from contracts_service.grid.column_sets import store
from contracts_service.grid.column_sets.store import ColumnSet
from service_runtime import audit, pagination
from service_runtime.errors import DomainError, Reason, etag_mismatch, invalid, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, Reads

_DEFAULT_PAGE = 50
# More than anybody keeps; it bounds what one person can fill.
_MAX_OWN = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller says of columns; a set's name, or fields."""

    fields: tuple[str, ...]
    column_set: str


async def fields_of(reads: Reads, identity: Identity, wanted: Wanted) -> tuple[str, ...]:
    """The fields in order. Raises INVALID_FIELD for unknown ones, NOT_FOUND for a set of somebody else."""
    if wanted.column_set and wanted.fields:
        raise invalid("fields", "give fields or a column_set, not both")
    if wanted.column_set:
        found = await _seen(reads, identity, wanted.column_set)
        # A set outlives a field that the catalogue has dropped.
        return tuple(field for field in found.fields if field in FIELDS)
    require_known(wanted.fields, "fields")
    return wanted.fields or tuple(FIELDS)


def require_known(fields: Sequence[str], where: str) -> None:
    """Raises INVALID_FIELD."""
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        raise invalid(where, f"there is no field {', '.join(unknown)}; GET /v1/fields lists them")


async def create(
    connection: Connection, identity: Identity, display_name: str, fields: Sequence[str], *, shared: bool
) -> ColumnSet:
    """A new set of the caller's. Raises INVALID_FIELD, STATE_FORBIDS."""
    require_known(fields, "column_set.fields")
    if await store.count(connection, identity.subject) >= _MAX_OWN:
        raise DomainError(
            grpc.StatusCode.FAILED_PRECONDITION,
            Reason.ERROR_REASON_STATE_FORBIDS,
            f"You have {_MAX_OWN} column sets. Delete one first.",
        )
    new = ColumnSet(new_id(), identity.subject, display_name, tuple(fields), shared, 1)
    await store.insert(connection, identity.tenant, new)
    await audit.record(connection, identity, "columnset.created", names.column_set(new.id))
    return new


async def page(
    postgres: Postgres, identity: Identity, *, size: int, token: str
) -> tuple[list[ColumnSet], str]:
    """One's own and shared ones, by name, and the token of the next page."""
    size = size or _DEFAULT_PAGE
    cursor = pagination.decode(token, "columnSets", parts=2)
    after = _place(cursor) if cursor else None
    found = await store.page(postgres.reader(identity.tenant), identity.subject, after, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.display_name, str(last.id)], "columnSets")


def _place(cursor: list[str]) -> tuple[str, UUID]:
    try:
        return cursor[0], UUID(cursor[1])
    except ValueError as broken:
        raise pagination.invalid_token() from broken


async def update(
    postgres: Postgres,
    identity: Identity,
    name: str,
    etag: str,
    *,
    display_name: str | None,
    fields: Sequence[str] | None,
    shared: bool | None,
) -> ColumnSet:
    """Changes what is not None. Raises NOT_FOUND, PERMISSION_DENIED, ETAG_MISMATCH, INVALID_FIELD."""
    if fields is not None:
        require_known(fields, "column_set.fields")
    async with postgres.transaction(identity.tenant) as connection:
        before = await _own(connection, identity, name)
        if etag and etag != before.etag:
            raise etag_mismatch(name, before.etag)
        after = ColumnSet(
            before.id,
            before.owner,
            before.display_name if display_name is None else display_name,
            before.fields if fields is None else tuple(fields),
            before.shared if shared is None else shared,
            before.version + 1,
        )
        await store.update(connection, after)
        await audit.record(connection, identity, "columnset.updated", name)
    return after


async def delete(postgres: Postgres, identity: Identity, name: str) -> None:
    """Raises NOT_FOUND, PERMISSION_DENIED."""
    async with postgres.transaction(identity.tenant) as connection:
        before = await _own(connection, identity, name)
        await store.delete(connection, before.id)
        await audit.record(connection, identity, "columnset.deleted", name)


async def _seen(reads: Reads, identity: Identity, name: str) -> ColumnSet:
    found = await store.get(reads, names.id_of(name))
    if found is None or not (found.shared or found.owner == identity.subject):
        raise not_found(name)
    return found


async def _own(connection: Connection, identity: Identity, name: str) -> ColumnSet:
    found = await _seen(connection, identity, name)
    if found.owner != identity.subject:
        raise DomainError(
            grpc.StatusCode.PERMISSION_DENIED,
            Reason.ERROR_REASON_PERMISSION_DENIED,
            "The column set belongs to somebody else. Save one of your own.",
            {"name": name},
        )
    return found


_CHANGEABLE = ("display_name", "fields", "shared")


def changeable(paths: Sequence[str], *, set_fields: Sequence[str]) -> frozenset[str]:
    """Which of a set's fields a mask writes; without one, those that are set. Raises INVALID_FIELD."""
    if not paths:
        return frozenset(set_fields) & frozenset(_CHANGEABLE)
    if list(paths) == ["*"]:
        return frozenset(_CHANGEABLE)
    if wrong := [path for path in paths if path not in _CHANGEABLE]:
        raise invalid("update_mask", f"{wrong[0]} cannot be changed; these can: {', '.join(_CHANGEABLE)}")
    return frozenset(paths)
