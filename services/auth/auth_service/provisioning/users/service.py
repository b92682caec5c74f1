"""The rules of users that an identity provider makes, changes and takes away."""

from dataclasses import replace

from auth_service import names, refusals
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account, normalized
from auth_service.directory import store as directory
from auth_service.directory.me import hold_permitted
from auth_service.directory.model import User
from auth_service.provisioning.calling_back import call_back, regroup
from auth_service.provisioning.groups import store as groups
from auth_service.provisioning.groups.service import PROVISION
from auth_service.provisioning.search import Search
from auth_service.provisioning.users import store
from auth_service.provisioning.users.model import Profile, ProvisionedUser
from auth_service.roles import Roles
from bloom.options.v1 import policy_pb2
from service_runtime import audit
from service_runtime.errors import etag_mismatch, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

# Everybody has at least one role; this is the one that changes nothing. More comes by groups.
_FIRST_ROLES: Roles = (policy_pb2.ROLE_VIEWER,)
# No password matches it.
_NO_PASSWORD = ""


async def create(
    postgres: Postgres, identity: Identity, email: str, profile: Profile, *, active: bool
) -> ProvisionedUser:
    """Raises ALREADY_EXISTS, also for an e-mail of another organization.

    One that was deleted comes back as if it were new: a leaver who returns does not find his old roles.
    """
    org_id, email = identity.tenant, normalized(email)
    async with postgres.transaction(org_id) as connection:
        await hold_permitted(connection, identity, PROVISION)
        user_id = await store.id_of(connection, org_id, email)
        if user_id is not None:
            hidden = await store.get(connection, org_id, user_id)
            if hidden is None or not hidden.hidden:
                raise refusals.email_taken(email)
            _refuse_owner(hidden.user)
            await _write(connection, identity, _as_new(hidden.user, profile, active=active), hidden, profile)
        else:
            user_id = new_id()
            if not await accounts.insert(connection, Account(user_id, email, org_id, _NO_PASSWORD)):
                raise refusals.email_taken(email)
            user = await directory.insert(
                connection, org_id, user_id, email, profile.display_name, _FIRST_ROLES
            )
            if not active:
                await directory.update(connection, org_id, replace(user, disabled=True))
            await store.write(connection, org_id, user_id, profile, withdrawn=False)
        name = names.user(user_id)
        await audit.record(connection, identity, "user.provisioned", name, {"active": active})
        return await _existing(connection, identity, name)


async def get(postgres: Postgres, identity: Identity, name: str) -> ProvisionedUser:
    """Raises NOT_FOUND."""
    async with postgres.transaction(identity.tenant) as connection:
        return await _existing(connection, identity, name)


async def found(postgres: Postgres, identity: Identity, search: Search) -> tuple[list[ProvisionedUser], int]:
    """A page of those that are searched for, and how many there are in all. Raises INVALID_FIELD."""
    async with postgres.transaction(identity.tenant) as connection:
        return await store.found(connection, identity.tenant, search)


async def change(
    postgres: Postgres,
    identity: Identity,
    name: str,
    etag: str,
    email: str,
    profile: Profile,
    *,
    active: bool | None,
) -> ProvisionedUser:
    """None leaves the access as it is.

    Raises NOT_FOUND, ETAG_MISMATCH, EMAIL_IMMUTABLE, and OWNER_PROVISIONED for the access of an owner.
    """
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, PROVISION)
        before = await _existing(connection, identity, name)
        _require_current(before, name, etag)
        if email and normalized(email) != before.user.email:
            raise refusals.email_immutable(name)
        disabled = before.user.disabled if active is None else not active
        after = replace(before.user, display_name=profile.display_name, disabled=disabled)
        if after == before.user and profile == before.profile:
            return before
        await _write(connection, identity, after, before, profile)
        detail = {"active": not disabled} if disabled != before.user.disabled else {"names": True}
        await audit.record(connection, identity, "user.reprovisioned", name, detail)
        return await _existing(connection, identity, name)


async def delete(postgres: Postgres, identity: Identity, name: str, etag: str) -> None:
    """Raises NOT_FOUND, ETAG_MISMATCH, OWNER_PROVISIONED."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, PROVISION)
        before = await _existing(connection, identity, name)
        _require_current(before, name, etag)
        _refuse_owner(before.user)
        await groups.leave_all(connection, identity.tenant, before.user.id)
        await regroup(connection, identity, [before.user.id])
        after = replace(before.user, disabled=True)
        await _write(connection, identity, after, before, before.profile, withdrawn=True)
        await audit.record(connection, identity, "user.deprovisioned", name)


async def _write(
    connection: Connection,
    identity: Identity,
    after: User,
    before: ProvisionedUser,
    profile: Profile,
    *,
    withdrawn: bool = False,
) -> None:
    if after.disabled != before.user.disabled:
        _refuse_owner(before.user)
    changed = await directory.update(connection, identity.tenant, after)
    await store.write(connection, identity.tenant, after.id, profile, withdrawn=withdrawn)
    if (after.disabled, after.roles, after.custom_roles) != (
        before.user.disabled, before.user.roles, before.user.custom_roles
    ):  # fmt: skip
        await call_back(connection, identity.tenant, after.id, changed.epoch)


def _refuse_owner(user: User) -> None:
    if user.has_owner_role:
        raise refusals.owner_provisioned(names.user(user.id))


def _require_current(found: ProvisionedUser, name: str, etag: str) -> None:
    if etag and etag != found.user.etag:
        raise etag_mismatch(name, found.user.etag)


def _as_new(user: User, profile: Profile, *, active: bool) -> User:
    return replace(
        user, display_name=profile.display_name, roles=_FIRST_ROLES, custom_roles=(), disabled=not active
    )


async def _existing(connection: Connection, identity: Identity, name: str) -> ProvisionedUser:
    known = await store.get(connection, identity.tenant, names.id_of(name))
    if known is None or known.hidden:
        raise not_found(name)
    return known
