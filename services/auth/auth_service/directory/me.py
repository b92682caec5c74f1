"""The caller as the database knows it now."""

from dataclasses import dataclass

from auth_service import names, refusals, roles
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.organizations import store as organizations
from auth_service.organizations.model import Organization
from auth_service.roles import Roles
from auth_service.service_accounts import store as service_accounts
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or a service account, as far as both have it. A service account has no e-mail."""

    display_name: str
    email: str
    roles: Roles
    disabled: bool
    epoch: int = 1


async def principal(connection: Connection, identity: Identity) -> Principal | None:
    """The subject in the identity's organization, if it is still there."""
    org_id, subject_id = identity.tenant, names.id_of(identity.subject)
    if names.is_user(identity.subject):
        user = await users.get(connection, org_id, subject_id)
        return _person(user) if user else None
    account = await service_accounts.get(connection, org_id, subject_id)
    return Principal(account.display_name, "", account.roles, disabled=False) if account else None


def _person(user: User) -> Principal:
    return Principal(user.display_name, user.email, user.roles, user.disabled, user.epoch)


async def hold_permitted(connection: Connection, identity: Identity, permission: str) -> Principal:
    """The caller, still permitted; nobody else changes the directory before the transaction ends.

    A token outlives the disabling of its holder by minutes. Whoever could make users or service accounts in
    them would have a way back in, so changes of the directory ask the rows.
    Raises TOKEN_INVALID, PERMISSION_DENIED.
    """
    await organizations.hold(connection, identity.tenant)
    caller = await principal(connection, identity)
    if caller is None or caller.disabled:
        raise refusals.subject_gone()
    if permission not in roles.permissions(caller.roles):
        raise refusals.no_longer_permitted(permission)
    return caller


async def me(postgres: Postgres, identity: Identity) -> tuple[Organization, Principal]:
    """Raises TOKEN_INVALID when the subject has been removed or disabled since its token was given."""
    async with postgres.transaction(identity.tenant) as connection:
        caller = await principal(connection, identity)
        organization = await organizations.get(connection, identity.tenant)
    if caller is None or caller.disabled or organization is None:
        raise refusals.subject_gone()
    return organization, caller
