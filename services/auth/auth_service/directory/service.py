"""The rules of who belongs to an organization, and as what."""

from dataclasses import dataclass, field
from uuid import UUID

from auth_service import names, refusals, roles
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account
from auth_service.custom_roles.granting import require_departments_grantable, require_grantable
from auth_service.directory import store
from auth_service.directory.changes import Changes
from auth_service.directory.me import Principal, hold_permitted
from auth_service.directory.model import User
from auth_service.revoking import revoke
from auth_service.roles import CustomRoles, Roles
from auth_service.sessions import store as sessions
from auth_service.throttle import service as throttle
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.errors import etag_mismatch, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres
from service_runtime.revocation import of_subject

_DEFAULT_PAGE = 25
_WRITE = permission_name(policy_pb2.PERMISSION_USERS_WRITE)


@dataclass(frozen=True, slots=True)
class NewUser:
    """`email` in lower case; the password is hashed before the transaction begins."""

    email: str
    display_name: str
    roles: Roles
    custom_roles: CustomRoles
    password_hash: str = field(repr=False)
    departments: tuple[str, ...] = ()


async def get(postgres: Postgres, identity: Identity, name: str) -> User:
    """Raises NOT_FOUND."""
    async with postgres.transaction(identity.tenant) as connection:
        return await _existing(connection, identity.tenant, name)


async def page(postgres: Postgres, identity: Identity, *, size: int, token: str) -> tuple[list[User], str]:
    """A page of users, newest first, and the token of the next."""
    cursor = pagination.decode(token, "users", parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = size or _DEFAULT_PAGE
    async with postgres.transaction(identity.tenant) as connection:
        found = await store.page(connection, identity.tenant, before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "users")


async def create(connection: Connection, identity: Identity, new: NewUser) -> User:
    """Adds account and user. Raises ALREADY_EXISTS, NOT_FOUND, and PERMISSION_DENIED for too much."""
    org_id, user_id = identity.tenant, new_id()
    caller = await hold_permitted(connection, identity, _WRITE)
    if roles.OWNER in new.roles:
        _require_owner(caller)
    await require_grantable(connection, identity, caller, new.roles, new.custom_roles)
    if not await accounts.insert(connection, Account(user_id, new.email, org_id, new.password_hash)):
        raise refusals.email_taken(new.email)
    user = await store.insert(
        connection,
        org_id,
        user_id,
        new.email,
        new.display_name,
        new.roles,
        new.custom_roles,
        new.departments,
    )
    granted = {"roles": ",".join(roles.names(user.roles))}
    if user.custom_roles:
        granted["custom_roles"] = names.joined(user.custom_roles)
    if user.departments:
        granted["departments"] = ",".join(user.departments)
    await audit.record(connection, identity, "user.created", names.user(user_id), granted)
    return user


async def update(connection: Connection, identity: Identity, name: str, etag: str, changes: Changes) -> User:
    """Raises NOT_FOUND, ETAG_MISMATCH, PERMISSION_DENIED, LAST_OWNER.

    The organization is held, so of two owners who each give up the role at once the second is refused.
    """
    org_id = identity.tenant
    caller = await hold_permitted(connection, identity, _WRITE)
    before = await _existing(connection, org_id, name)
    if etag and etag != before.etag:
        raise etag_mismatch(name, before.etag)
    after = changes.applied_to(before)
    if after == before:
        return before
    if _moves_ownership(before, after):
        _require_owner(caller)
    await _require_grantable(connection, identity, caller, before, after)
    changed = await store.update(connection, org_id, after)
    if before.has_owner_role and not await store.has_owner(connection, org_id):
        raise refusals.last_owner()
    if changed.epoch != before.epoch:
        await sessions.end_all(connection, org_id, before.id, "user changed")
        await revoke(connection, org_id, of_subject(org_id, names.user(before.id), changed.epoch))
    await audit.record(connection, identity, "user.updated", name, _told(before, after))
    return changed


async def unlock(connection: Connection, identity: Identity, name: str) -> None:
    """Raises NOT_FOUND, PERMISSION_DENIED."""
    await hold_permitted(connection, identity, _WRITE)
    user = await _existing(connection, identity.tenant, name)
    await throttle.unlock(connection, user.email)
    await audit.record(connection, identity, "user.unlocked", name)


async def _existing(connection: Connection, org_id: UUID, name: str) -> User:
    user = await store.get(connection, org_id, names.id_of(name))
    if user is None:
        raise not_found(name)
    return user


async def _require_grantable(
    connection: Connection, identity: Identity, caller: Principal, before: User, after: User
) -> None:
    fixed = tuple(role for role in after.roles if role not in before.roles)
    custom = tuple(role_id for role_id in after.custom_roles if role_id not in before.custom_roles)
    await require_grantable(connection, identity, caller, fixed, custom)
    if not set(after.departments) <= set(before.departments):
        held = (*after.custom_roles, *before.group_custom_roles)
        await require_departments_grantable(connection, identity, caller, held)


def _moves_ownership(before: User, after: User) -> bool:
    return before.has_owner_role != after.has_owner_role or (
        before.has_owner_role and before.disabled != after.disabled
    )


def _require_owner(caller: Principal) -> None:
    """A service account is none: the schema gives it every role but this."""
    if roles.OWNER not in caller.roles:
        raise refusals.owners_only()


def _told(before: User, after: User) -> dict[str, str | int | bool]:
    detail: dict[str, str | int | bool] = {}
    if before.display_name != after.display_name:
        detail["display_name"] = True
    if before.roles != after.roles:
        detail |= {
            "roles_before": ",".join(roles.names(before.roles)),
            "roles": ",".join(roles.names(after.roles)),
        }
    if before.custom_roles != after.custom_roles:
        detail |= {
            "custom_roles_before": names.joined(before.custom_roles),
            "custom_roles": names.joined(after.custom_roles),
        }
    if before.departments != after.departments:
        detail |= {
            "departments_before": ",".join(before.departments),
            "departments": ",".join(after.departments),
        }
    if before.disabled != after.disabled:
        detail["disabled"] = after.disabled
    return detail
