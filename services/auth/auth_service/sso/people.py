"""Whom a provider's person is here: a user bound before, one who is bound now, or a new one."""

from datetime import UTC, datetime
from uuid import UUID

from auth_service import names, roles
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.sso.flows import store
from auth_service.sso.model import NotLetInError, Person, SsoConnection, domain_of
from service_runtime import audit
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection


async def user_of(
    connection: Connection, org_id: UUID, sso: SsoConnection, person: Person, password_hash: str
) -> User:
    """In the transaction of the sign-in. `password_hash` is what nobody knows a password for.

    Issuer and subject say who it is. The e-mail says it once only, for who was not here by this provider
    before, and may because this organization has shown that the domain is its own. Raises NotLetInError.
    """
    verified = {item.domain for item in sso.domains if item.verified}
    if domain_of(person.email) not in verified:
        raise NotLetInError("DOMAIN_FOREIGN")
    user_id = await store.bound(connection, org_id, person.issuer, person.subject)
    if user_id is None:
        user_id = await _met(connection, org_id, sso, person, password_hash)
    user = await users.held(connection, org_id, user_id)
    if user is None:
        raise NotLetInError("USER_OF_ANOTHER_ORGANIZATION")
    if user.disabled:
        raise NotLetInError("USER_DISABLED")
    if user.has_owner_role:
        # Admins say where people sign in; they would become owners by it.
        raise NotLetInError("USER_IS_OWNER")
    return user


async def _met(
    connection: Connection, org_id: UUID, sso: SsoConnection, person: Person, password_hash: str
) -> UUID:
    account = await accounts.find(connection, person.email)
    if account is None:
        user_id = await _make(connection, org_id, sso, person, password_hash)
    elif await users.get(connection, org_id, account.id) is None:
        raise NotLetInError("USER_OF_ANOTHER_ORGANIZATION")
    else:
        user_id = account.id
    if not await store.bind(connection, org_id, person.issuer, person.subject, user_id):
        raise NotLetInError("USER_OF_ANOTHER_PERSON")
    detail = {"issuer": person.issuer, "sso_connection": names.sso_connection(sso.id)}
    await audit.record(connection, Identity(org_id=org_id), "sso.bound", names.user(user_id), detail)
    return user_id


async def _make(
    connection: Connection, org_id: UUID, sso: SsoConnection, person: Person, password_hash: str
) -> UUID:
    user_id = new_id()
    granted = tuple(role for role in sso.roles if role != roles.OWNER)
    # Its domain is the organization's, whose provider knows the person.
    made = Account(user_id, person.email, org_id, password_hash, datetime.now(UTC))
    if not await accounts.insert(connection, made):
        # Somebody else got the e-mail in this moment; the next try finds him.
        raise NotLetInError("EMAIL_TAKEN")
    await users.insert(connection, org_id, user_id, person.email, person.display_name, granted)
    detail = {"roles": ",".join(roles.names(granted)), "sso_connection": names.sso_connection(sso.id)}
    await audit.record(connection, Identity(org_id=org_id), "user.created", names.user(user_id), detail)
    return user_id
