"""The rules of service accounts."""

import hmac
from uuid import UUID

from auth_service import names, roles
from auth_service.api_keys import store as api_keys
from auth_service.custom_roles.granting import require_grantable
from auth_service.directory.me import hold_permitted
from auth_service.revoking import revoke
from auth_service.roles import CustomRoles, Roles
from auth_service.service_accounts import store
from auth_service.service_accounts.model import ServiceAccount, digest, new_secret, organization_of
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.errors import not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Postgres
from service_runtime.revocation import of_subject

_DEFAULT_PAGE = 25
_WRITE = permission_name(policy_pb2.PERMISSION_SERVICEACCOUNTS_WRITE)


async def create(
    postgres: Postgres, identity: Identity, display_name: str, granted: Roles, custom: CustomRoles
) -> tuple[ServiceAccount, str]:
    """The new account and its secret, which is not kept. Raises PERMISSION_DENIED, NOT_FOUND."""
    org_id, account_id, secret = identity.tenant, new_id(), new_secret(identity.tenant)
    async with postgres.transaction(org_id) as connection:
        caller = await hold_permitted(connection, identity, _WRITE)
        await require_grantable(connection, identity, caller, granted, custom)
        account = await store.insert(
            connection, org_id, account_id, display_name, granted, custom, digest(secret)
        )
        detail = {"roles": ",".join(roles.names(granted))}
        if custom:
            detail["custom_roles"] = names.joined(custom)
        await audit.record(
            connection, identity, "service_account.created", names.service_account(account_id), detail
        )
    return account, secret


async def page(
    postgres: Postgres, identity: Identity, *, size: int, token: str
) -> tuple[list[ServiceAccount], str]:
    """A page, newest first, and the token of the next."""
    cursor = pagination.decode(token, "serviceAccounts", parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = size or _DEFAULT_PAGE
    async with postgres.transaction(identity.tenant) as connection:
        found = await store.page(connection, identity.tenant, before, size + 1)
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "serviceAccounts")


async def delete(postgres: Postgres, identity: Identity, name: str) -> None:
    """Its secret and its API keys stop working at once. Raises NOT_FOUND, PERMISSION_DENIED."""
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, _WRITE)
        account_id = names.id_of(name)
        await api_keys.delete_of_account(connection, identity.tenant, account_id)
        if not await store.delete(connection, identity.tenant, account_id):
            raise not_found(name)
        await audit.record(connection, identity, "service_account.deleted", name)
        await revoke(connection, identity.tenant, of_subject(identity.tenant, name))


async def authenticated(
    postgres: Postgres, client_id: str, secret: str
) -> tuple[UUID, ServiceAccount] | None:
    """Whose secret this is, and of which organization; None for a wrong one."""
    org_id, account_id = organization_of(secret), _uuid(client_id)
    if org_id is None or account_id is None:
        return None
    async with postgres.transaction(org_id) as connection:
        account = await store.get(connection, org_id, account_id)
        right = account is not None and hmac.compare_digest(account.secret_hash, digest(secret))
        if account is not None and not right:
            resource = names.service_account(account_id)
            await audit.record(connection, Identity(org_id=org_id), "service_account.refused", resource)
    if account is None or not right:
        return None
    return org_id, account


def _uuid(client_id: str) -> UUID | None:
    try:
        return UUID(client_id)
    except ValueError:
        return None
