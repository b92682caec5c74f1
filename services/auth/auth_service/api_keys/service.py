"""The rules of API keys."""

from dataclasses import dataclass, replace
from datetime import timedelta

from auth_service import granted, names, refusals, roles
from auth_service.api_keys import store
from auth_service.api_keys.model import ApiKey, KeyText
from auth_service.custom_roles.granting import refuse_owners_alone, require_own
from auth_service.directory.me import Principal, hold_permitted
from auth_service.revoking import revoke
from auth_service.roles import Permissions
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.errors import invalid, not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres
from service_runtime.revocation import of_key

_DEFAULT_PAGE = 25
_DEFAULT_TTL = timedelta(days=90)
_WRITE = permission_name(policy_pb2.PERMISSION_APIKEYS_WRITE)


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is asked for; `ttl` of zero is the default."""

    owner: str
    display_name: str
    scopes: Permissions
    ttl: timedelta


async def create(postgres: Postgres, identity: Identity, new: NewKey) -> tuple[ApiKey, str]:
    """The new key and its text, which is not kept. Raises NOT_FOUND, PERMISSION_DENIED, INVALID_FIELD."""
    refuse_owners_alone("scopes", new.scopes)
    text = KeyText.new(identity.tenant, new_id())
    async with postgres.transaction(identity.tenant) as connection:
        caller = await hold_permitted(connection, identity, _WRITE)
        await _require_ownable(connection, identity, new)
        require_own(_for_himself(caller) if new.owner == identity.subject else caller, new.scopes)
        key = await store.insert(
            connection, text, new.owner, new.display_name, new.scopes, new.ttl or _DEFAULT_TTL
        )
        detail = {
            "owner": new.owner,
            "scopes": ",".join(roles.permission_names(new.scopes)),
            "expires_at": key.expires_at.isoformat(),
        }
        await audit.record(connection, identity, "api_key.created", text.name, detail)
    return key, text.encoded()


def _for_himself(caller: Principal) -> Principal:
    """His key keeps his conditions. The key of a program would not have them."""
    return replace(caller, permissions=caller.permissions | caller.conditional.permissions)


async def _require_ownable(connection: Connection, identity: Identity, new: NewKey) -> None:
    """In another person's name a key would act as that person, whoever holds it."""
    owner = await store.held_owner(connection, identity.tenant, new.owner)
    if owner is None:
        raise not_found(new.owner)
    if names.is_user(new.owner) and new.owner != identity.subject:
        raise refusals.key_of_another()
    has = {
        *granted.effective(owner.roles, owner.custom_permissions),
        *granted.conditional(owner.roles, owner.custom_permissions).permissions,
    }
    for scope in roles.permission_names(new.scopes):
        if scope not in has:
            raise invalid("scopes", f"the owner of the key does not have {scope}")


async def get(postgres: Postgres, identity: Identity, name: str) -> ApiKey:
    """Raises NOT_FOUND."""
    async with postgres.transaction(identity.tenant) as connection:
        key = await store.get(connection, identity.tenant, names.id_of(name))
        if key is None:
            raise not_found(name)
        await audit.record(connection, identity, "api_key.read", name)
    return key


async def page(postgres: Postgres, identity: Identity, *, size: int, token: str) -> tuple[list[ApiKey], str]:
    """A page, newest first, and the token of the next."""
    cursor = pagination.decode(token, "apiKeys", parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = size or _DEFAULT_PAGE
    async with postgres.transaction(identity.tenant) as connection:
        found = await store.page(connection, identity.tenant, before, size + 1)
        await audit.record(connection, identity, "api_key.listed", names.organization(identity.tenant))
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "apiKeys")


async def delete(postgres: Postgres, identity: Identity, name: str) -> None:
    """No token is given for it from here on, and those that were are called back.

    Raises NOT_FOUND, PERMISSION_DENIED.
    """
    async with postgres.transaction(identity.tenant) as connection:
        await hold_permitted(connection, identity, _WRITE)
        if not await store.delete(connection, identity.tenant, names.id_of(name)):
            raise not_found(name)
        await audit.record(connection, identity, "api_key.deleted", name)
        await revoke(connection, identity.tenant, of_key(names.id_of(name)))
