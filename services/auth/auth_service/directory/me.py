"""The caller as the database knows it now."""

from dataclasses import dataclass, replace

from auth_service import granted, names, refusals, roles
from auth_service.accounts import store as accounts
from auth_service.api_keys import store as api_keys
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.granted import CustomPermissions
from auth_service.organizations import store as organizations
from auth_service.organizations.model import Organization
from auth_service.roles import Roles
from auth_service.service_accounts import store as service_accounts
from auth_service.service_accounts.model import ServiceAccount
from service_runtime.conditions.model import NOTHING, Conditional
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


@dataclass(frozen=True, slots=True)
class Principal:
    """A user or a service account, as far as both have it. A service account has no e-mail."""

    display_name: str
    email: str
    roles: Roles
    custom_permissions: CustomPermissions
    disabled: bool
    # All that the roles grant now, for every resource.
    permissions: frozenset[str]
    epoch: int = 1
    # What they grant for some.
    conditional: Conditional = NOTHING


async def principal(connection: Connection, identity: Identity) -> Principal | None:
    """The subject in the identity's organization, if it is still there, and the key that it came with too."""
    org_id, subject_id = identity.tenant, names.id_of(identity.subject)
    if identity.key_id and not await api_keys.is_good(connection, org_id, names.id_of(identity.key_id)):
        return None
    if names.is_user(identity.subject):
        user = await users.get(connection, org_id, subject_id)
        if user is None:
            return None
        return _principal(user, user.all_roles, user.email, disabled=user.disabled, epoch=user.epoch)
    account = await service_accounts.get(connection, org_id, subject_id)
    return _principal(account, account.roles, "", disabled=False) if account else None


def _principal(
    record: User | ServiceAccount, held: Roles, email: str, *, disabled: bool, epoch: int = 1
) -> Principal:
    custom = record.custom_permissions
    return Principal(
        record.display_name,
        email,
        held,
        custom,
        disabled,
        frozenset(granted.effective(held, custom)),
        epoch,
        granted.conditional(held, custom),
    )


async def hold_permitted(connection: Connection, identity: Identity, permission: str) -> Principal:
    """The caller, still permitted; nobody else changes the directory before the transaction ends.

    A token outlives the disabling of its holder by minutes. Whoever could make users or service accounts in
    them would have a way back in, so changes of the directory ask the rows. The answer's `permissions` are
    those of the rows that the token carries too, so an API key does not reach beyond its scopes; and a key,
    whoever owns it, owns no organization.
    Raises TOKEN_INVALID, PERMISSION_DENIED.
    """
    await organizations.hold(connection, identity.tenant)
    caller = await principal(connection, identity)
    if caller is None or caller.disabled:
        raise refusals.subject_gone()
    if permission not in caller.permissions:
        raise refusals.no_longer_permitted(permission)
    held = tuple(role for role in caller.roles if role != roles.OWNER) if identity.key_id else caller.roles
    reach = identity.permissions | identity.conditional.permissions
    return replace(
        caller,
        roles=held,
        permissions=caller.permissions & identity.permissions,
        conditional=caller.conditional.within(reach),
    )


async def me(postgres: Postgres, identity: Identity) -> tuple[Organization, Principal, bool]:
    """The last is whether a person has confirmed the e-mail.

    Raises TOKEN_INVALID when the subject, or its key, is gone or disabled since its token was given.
    """
    async with postgres.transaction(identity.tenant) as connection:
        caller = await principal(connection, identity)
        organization = await organizations.get(connection, identity.tenant)
        account = await accounts.find(connection, caller.email) if caller and caller.email else None
    if caller is None or caller.disabled or organization is None:
        raise refusals.subject_gone()
    return organization, caller, account is not None and account.verified_at is not None
