"""The organizations that a person belongs to, and a session in another of them."""

from dataclasses import dataclass
from uuid import UUID

from auth_service import names, refusals
from auth_service.accounts import store as accounts
from auth_service.directory import store as users
from auth_service.directory.me import principal
from auth_service.factors.model import Asked
from auth_service.factors.service import is_signed_in, require_signed_in
from auth_service.organizations import store as organizations
from auth_service.organizations.model import Organization
from auth_service.sessions import store as sessions
from auth_service.sessions.model import Client, SignedIn
from auth_service.sessions.service import Sessions
from auth_service.sso.requiring import must_use_sso
from service_runtime import audit
from service_runtime.errors import not_found
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, go_on_as


@dataclass(frozen=True, slots=True)
class Memberships:
    """Of one account: its user has the same id in all of them, and roles and factors of its own in each."""

    postgres: Postgres
    sessions: Sessions

    async def all(self, identity: Identity) -> list[Organization]:
        """Those that let the caller in. Raises TOKEN_INVALID."""
        async with self.postgres.transaction(identity.tenant) as connection:
            caller = await principal(connection, identity)
            if caller is None or caller.disabled:
                raise refusals.subject_gone()
            own = await organizations.get(connection, identity.tenant)
            if not is_signed_in(identity):
                return [own] if own else []
            return await _open(connection, caller.email, names.id_of(identity.subject))

    async def switch(self, identity: Identity, name: str, client: Client) -> SignedIn | Asked:
        """What was shown in this session, and when, counts there; but factors there are others than here.

        Raises SSO_REQUIRED, STATE_FORBIDS, TOKEN_INVALID; NOT_FOUND where the caller is not let in.
        """
        org_id, user_id = names.id_of(name), names.id_of(identity.subject)
        # A program belongs to one organization, and learns of no other.
        if not is_signed_in(identity) and org_id != identity.tenant:
            raise not_found(name)
        require_signed_in(identity)
        async with self.postgres.transaction(identity.tenant) as connection:
            user = await users.held(connection, identity.tenant, user_id)
            if user is None or user.disabled:
                raise refusals.subject_gone()
            shown = await sessions.shown_in(connection, identity.tenant, UUID(identity.session_id))
            if shown is None:
                raise refusals.session_over()
            if org_id not in await accounts.organizations_of(connection, user.email):
                raise not_found(name)
            await audit.record(connection, identity, "session.switched", name)
            await go_on_as(connection, org_id)
            there = await users.held(connection, org_id, user_id)
            if there is None or there.disabled:
                raise not_found(name)
            if await must_use_sso(connection, org_id, there):
                raise refusals.sso_required()
            return await self.sessions.ask_or_begin(connection, org_id, there, client, shown)


async def _open(connection: Connection, email: str, user_id: UUID) -> list[Organization]:
    found = []
    for org_id in await accounts.organizations_of(connection, email):
        await go_on_as(connection, org_id)
        user = await users.get(connection, org_id, user_id)
        organization = await organizations.get(connection, org_id)
        if user is not None and organization is not None and not user.disabled:
            found.append(organization)
    return found
