"""The rules of groups: an identity provider fills them, an administrator says what they bring."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

from auth_service import names, roles
from auth_service.custom_roles.granting import require_grantable
from auth_service.directory.me import hold_permitted
from auth_service.provisioning.calling_back import regroup
from auth_service.provisioning.groups import store
from auth_service.provisioning.groups.model import Group
from auth_service.provisioning.search import Search
from auth_service.roles import CustomRoles, Roles
from bloom.options.v1 import policy_pb2
from service_runtime import audit
from service_runtime.errors import etag_mismatch, invalid, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres

PROVISION = permission_name(policy_pb2.PERMISSION_DIRECTORY_PROVISION)
_WRITE = permission_name(policy_pb2.PERMISSION_USERS_WRITE)
# Ten thousand members each are about a megabyte.
_MOST_WITH_MEMBERS = 20
_Detail: TypeAlias = dict[str, str | int | bool]


async def create(
    postgres: Postgres, identity: Identity, display_name: str, external_id: str, members: Collection[UUID]
) -> Group:
    """Raises INVALID_FIELD for a member that is no user."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, PROVISION)
        group = await store.insert(connection, identity.tenant, new_id(), display_name, external_id)
        await _join(connection, identity, group.id, set(members))
        detail: _Detail = {"display_name": display_name, "members": len(set(members))}
        await audit.record(connection, identity, "group.created", names.group(group.id), detail)
        return await _existing(connection, identity, names.group(group.id))


async def get(postgres: Postgres, identity: Identity, name: str, *, with_members: bool) -> Group:
    """Raises NOT_FOUND."""
    async with postgres.transaction(identity.tenant) as connection:
        return await _existing(connection, identity, name, with_members=with_members)


async def found(
    postgres: Postgres, identity: Identity, search: Search, *, with_members: bool
) -> tuple[list[Group], int]:
    """A page of those that are searched for, and how many there are in all. Raises INVALID_FIELD."""
    if with_members:
        search = replace(search, count=min(search.count, _MOST_WITH_MEMBERS))
    async with postgres.transaction(identity.tenant) as connection:
        return await store.found(connection, identity.tenant, search, with_members=with_members)


async def change(
    postgres: Postgres,
    identity: Identity,
    name: str,
    etag: str,
    display_name: str,
    external_id: str,
    members: Collection[UUID],
) -> Group:
    """Raises NOT_FOUND, ETAG_MISMATCH, and INVALID_FIELD for a new member that is no user."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, PROVISION)
        before = await _existing(connection, identity, name)
        _require_current(before, name, etag)
        old, new = {member.user_id for member in before.members}, set(members)
        named = replace(before, display_name=display_name, external_id=external_id)
        if named == before and old == new:
            return before
        await store.update(connection, identity.tenant, named)
        await store.leave(connection, identity.tenant, before.id, old - new)
        await _join(connection, identity, before.id, new - old)
        await regroup(connection, identity, old - new)
        detail: _Detail = {"display_name": display_name, "joined": len(new - old), "left": len(old - new)}
        await audit.record(connection, identity, "group.updated", name, detail)
        return await _existing(connection, identity, name)


async def delete(postgres: Postgres, identity: Identity, name: str, etag: str) -> None:
    """Raises NOT_FOUND, ETAG_MISMATCH."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, PROVISION)
        group = await _existing(connection, identity, name)
        _require_current(group, name, etag)
        await store.delete(connection, identity.tenant, group.id)
        await regroup(connection, identity, [member.user_id for member in group.members])
        await audit.record(connection, identity, "group.deleted", name)


async def set_roles(
    postgres: Postgres, identity: Identity, name: str, fixed: Roles, custom: CustomRoles
) -> Group:
    """Raises NOT_FOUND, and PERMISSION_DENIED for a role that grants more than the caller has.

    Only what is added must be the caller's own: taking away raises nobody.
    """
    async with postgres.transaction(identity.tenant) as connection:
        caller = await hold_permitted(connection, identity, _WRITE)
        before = await _existing(connection, identity, name)
        after = replace(before, roles=fixed, custom_roles=custom)
        if after == before:
            return before
        added = tuple(role for role in fixed if role not in before.roles)
        added_custom = tuple(role_id for role_id in custom if role_id not in before.custom_roles)
        await require_grantable(connection, identity, caller, added, added_custom)
        await store.update(connection, identity.tenant, after)
        await regroup(connection, identity, [member.user_id for member in before.members])
        detail = {
            "roles_before": ",".join(roles.names(before.roles)),
            "roles": ",".join(roles.names(fixed)),
            "custom_roles_before": names.joined(before.custom_roles),
            "custom_roles": names.joined(custom),
        }
        await audit.record(connection, identity, "group.mapped", name, detail)
        return await _existing(connection, identity, name)


async def _join(connection: Connection, identity: Identity, group_id: UUID, users: set[UUID]) -> None:
    there = await store.users_among(connection, identity.tenant, users)
    for user_id in users - there:
        raise invalid("members", f"{names.user(user_id)} does not exist")
    await store.join(connection, identity.tenant, group_id, users)
    await regroup(connection, identity, users)


def _require_current(group: Group, name: str, etag: str) -> None:
    if etag and etag != group.etag:
        raise etag_mismatch(name, group.etag)


async def _existing(
    connection: Connection, identity: Identity, name: str, *, with_members: bool = True
) -> Group:
    group = await store.get(connection, identity.tenant, names.id_of(name), with_members=with_members)
    if group is None:
        raise not_found(name)
    return group
