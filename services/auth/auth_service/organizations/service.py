"""How an organization begins: with its first owner, signed in, in one transaction."""

from dataclasses import dataclass, field
from uuid import UUID

from auth_service import names, refusals, roles
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account, normalized
from auth_service.accounts.service import ask_to_verify
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.mail.post import Post
from auth_service.organizations import store
from auth_service.organizations.model import Organization
from auth_service.passwords.hashing import Passwords
from auth_service.passwords.strength import require_strong
from auth_service.sessions.model import Client, TokenPair
from auth_service.sessions.service import Sessions
from service_runtime import audit
from service_runtime.errors import not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres


@dataclass(frozen=True, slots=True)
class Registration:
    """What a new organization says of itself. There is no role in it: its owner is an owner."""

    display_name: str
    email: str
    owner_display_name: str
    client: Client
    password: str = field(repr=False)


class Organizations:
    """Begins and shows organizations."""

    def __init__(self, postgres: Postgres, passwords: Passwords, sessions: Sessions, post: Post) -> None:
        self._postgres = postgres
        self._passwords = passwords
        self._sessions = sessions
        self._post = post

    async def register(self, asked: Registration) -> tuple[Organization, User, TokenPair]:
        """Raises PASSWORD_WEAK, and ALREADY_EXISTS for an e-mail that has an account.

        That an e-mail has an account can be learned here, as with every sign-up that does not send mail
        first, at the cost of a hash for each try. Only verification by mail can close this.
        """
        email = normalized(asked.email)
        require_strong(asked.password, email=email, organization=asked.display_name)
        org_id, user_id = new_id(), new_id()
        account = Account(user_id, email, org_id, await self._passwords.hash(asked.password))
        owner = Identity(subject=names.user(user_id), org_id=org_id)
        async with self._postgres.transaction(org_id) as connection:
            organization = await store.insert(connection, org_id, asked.display_name)
            if not await accounts.insert(connection, account):
                raise refusals.email_taken(email)
            user = await users.insert(
                connection, org_id, user_id, email, asked.owner_display_name, (roles.OWNER,)
            )
            await audit.record(connection, owner, "organization.registered", names.organization(org_id))
            await ask_to_verify(connection, self._post, account)
            tokens = await self._sessions.begin(connection, org_id, user, asked.client)
        return organization, user, tokens

    async def get(self, identity: Identity, name: str) -> Organization:
        """The caller's own organization. Raises NOT_FOUND for every other."""
        return await self._existing(identity, names.id_of(name))

    async def own(self, identity: Identity) -> Organization:
        """The caller's organization."""
        return await self._existing(identity, identity.tenant)

    async def _existing(self, identity: Identity, org_id: UUID) -> Organization:
        async with self._postgres.transaction(identity.tenant) as connection:
            organization = await store.get(connection, org_id)
        if organization is None:
            raise not_found(names.organization(org_id))
        return organization
