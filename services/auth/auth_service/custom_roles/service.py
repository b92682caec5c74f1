"""The rules of custom roles."""

import dataclasses

from auth_service import names, refusals, roles
from auth_service.custom_roles import store
from auth_service.custom_roles.granting import refuse_owners_alone, refuse_unconditional, require_own
from auth_service.custom_roles.model import CustomRole
from auth_service.directory.me import hold_permitted
from auth_service.roles import Permissions
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.conditions.model import Conditions
from service_runtime.errors import etag_mismatch, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres

_DEFAULT_PAGE = 25
_WRITE = permission_name(policy_pb2.PERMISSION_ROLES_WRITE)


async def create(
    postgres: Postgres,
    identity: Identity,
    display_name: str,
    permissions: Permissions,
    conditions: Conditions,
) -> CustomRole:
    """Raises PERMISSION_DENIED for what the caller does not have, INVALID_FIELD for what is owners' alone."""
    refuse_owners_alone("permissions", permissions)
    refuse_unconditional("permissions", permissions, conditions)
    async with postgres.transaction(identity.tenant) as connection:
        require_own(await hold_permitted(connection, identity, _WRITE), permissions)
        role = await store.insert(
            connection, identity.tenant, new_id(), display_name, permissions, conditions
        )
        detail = {"permissions": _told(permissions)}
        if conditions:
            detail["conditions"] = _conditions_told(conditions)
        await audit.record(connection, identity, "role.created", names.role(role.id), detail)
    return role


async def get(postgres: Postgres, identity: Identity, name: str) -> CustomRole:
    """Raises NOT_FOUND."""
    async with postgres.transaction(identity.tenant) as connection:
        return await _existing(connection, identity, name)


async def page(
    postgres: Postgres, identity: Identity, *, size: int, token: str
) -> tuple[list[CustomRole], str]:
    """A page, newest first, and the token of the next."""
    cursor = pagination.decode(token, "roles", parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = size or _DEFAULT_PAGE
    async with postgres.transaction(identity.tenant) as connection:
        found = await store.page(connection, identity.tenant, before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "roles")


async def update(
    postgres: Postgres,
    identity: Identity,
    name: str,
    etag: str,
    display_name: str | None,
    permissions: Permissions | None,
    conditions: Conditions | None,
) -> CustomRole:
    """None leaves a field as it is. Raises NOT_FOUND, ETAG_MISMATCH, PERMISSION_DENIED, INVALID_FIELD.

    Only what is added must be the caller's own: taking away raises nobody. Other conditions may add anything.
    """
    async with postgres.transaction(identity.tenant) as connection:
        caller = await hold_permitted(connection, identity, _WRITE)
        before = await _existing(connection, identity, name)
        if etag and etag != before.etag:
            raise etag_mismatch(name, before.etag)
        after = dataclasses.replace(
            before,
            display_name=before.display_name if display_name is None else display_name,
            permissions=before.permissions if permissions is None else permissions,
            conditions=before.conditions if conditions is None else conditions,
        )
        if after == before:
            return before
        rebound = after.conditions != before.conditions
        added = tuple(item for item in after.permissions if rebound or item not in before.permissions)
        refuse_owners_alone("role.permissions", added)
        refuse_unconditional("role.permissions", after.permissions, after.conditions)
        require_own(caller, added)
        changed = await store.update(connection, identity.tenant, after)
        detail = {"permissions_before": _told(before.permissions), "permissions": _told(after.permissions)}
        if rebound:
            detail |= {
                "conditions_before": _conditions_told(before.conditions),
                "conditions": _conditions_told(after.conditions),
            }
        await audit.record(connection, identity, "role.updated", name, detail)
    return changed


async def delete(postgres: Postgres, identity: Identity, name: str) -> None:
    """Raises NOT_FOUND, and STATE_FORBIDS while anybody holds the role."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, _WRITE)
        role = await _existing(connection, identity, name)
        if await store.in_use(connection, identity.tenant, role.id):
            raise refusals.role_in_use()
        await store.delete(connection, identity.tenant, role.id)
        await audit.record(connection, identity, "role.deleted", name)


async def _existing(connection: Connection, identity: Identity, name: str) -> CustomRole:
    role = await store.get(connection, identity.tenant, names.id_of(name))
    if role is None:
        raise not_found(name)
    return role


def _conditions_told(conditions: Conditions) -> str:
    limit = conditions.value_limit
    named = (
        "own" if conditions.own_only else "",
        "department" if conditions.own_department else "",
        f"value up to {limit.text} {limit.currency}" if limit else "",
    )
    return ",".join(filter(None, named))


def _told(permissions: Permissions) -> str:
    return ",".join(roles.permission_names(permissions))
