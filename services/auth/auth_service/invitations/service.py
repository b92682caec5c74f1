"""The rules of invitations: who may invite whom as what, and how one is accepted."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from auth_service import names, refusals, roles
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account, normalized
from auth_service.custom_roles.granting import require_grantable
from auth_service.directory import store as users
from auth_service.directory.me import Principal, hold_permitted
from auth_service.directory.model import User
from auth_service.invitations import store
from auth_service.invitations.model import Invitation
from auth_service.links.model import LinkToken
from auth_service.mail import letters
from auth_service.mail.post import Post
from auth_service.organizations import store as organizations
from auth_service.organizations.model import Organization
from auth_service.passwords.hashing import Passwords
from auth_service.passwords.strength import require_strong
from auth_service.roles import CustomRoles, Roles
from auth_service.sessions.model import Client, TokenPair
from auth_service.sessions.service import Sessions
from auth_service.sso.requiring import must_use_sso
from auth_service.throttle.service import Throttle
from bloom.options.v1 import policy_pb2
from service_runtime import audit, pagination
from service_runtime.errors import not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.policy import permission_name
from service_runtime.postgres import Connection, Postgres, go_on_as

_DEFAULT_PAGE = 25
_LIFETIME = timedelta(days=7)
_WRITE = permission_name(policy_pb2.PERMISSION_USERS_WRITE)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link offers, for who has it."""

    organization: Organization
    invitation: Invitation
    has_account: bool


@dataclass(frozen=True, slots=True)
class Acceptance:
    """`password` is that of the account, or the one that it will have."""

    display_name: str
    client: Client
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Joined:
    """A new member; signed in, unless the organization wants single sign-on."""

    user: User
    tokens: TokenPair | None = None


class Invitations:
    """Sent by who may make users, accepted by who has the link."""

    def __init__(
        self, postgres: Postgres, passwords: Passwords, sessions: Sessions, throttle: Throttle, post: Post
    ) -> None:
        self._postgres = postgres
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._post = post

    async def create(self, identity: Identity, email: str, granted: Roles, custom: CustomRoles) -> Invitation:
        """Raises ALREADY_EXISTS, EMAIL_UNVERIFIED, NOT_FOUND, PERMISSION_DENIED, RATE_LIMITED."""
        org_id, email = identity.tenant, normalized(email)
        async with self._postgres.transaction(org_id) as connection:
            caller = await hold_permitted(connection, identity, _WRITE)
            if roles.OWNER in granted and roles.OWNER not in caller.roles:
                raise refusals.owners_only()
            await require_grantable(connection, identity, caller, granted, custom)
            await _require_verified(connection, caller)
            if org_id in await accounts.organizations_of(connection, email):
                raise refusals.member_already(email)
            await self._throttle.take_invitation(connection, org_id)
            token = LinkToken.new(org_id, new_id())
            made = await store.replace(connection, token, email, granted, custom, identity.subject, _LIFETIME)
            await self._send(connection, made, token, caller)
            detail = {"roles": ",".join(roles.names(granted))}
            if custom:
                detail["custom_roles"] = names.joined(custom)
            await audit.record(connection, identity, "invitation.created", names.invitation(made.id), detail)
        return made

    async def _send(
        self, connection: Connection, made: Invitation, token: LinkToken, caller: Principal
    ) -> None:
        organization = await organizations.get(connection, token.org_id)
        name = organization.display_name if organization else ""
        link = self._post.link("invitation", token.encoded())
        letter = letters.invitation(name, caller.display_name, link, _LIFETIME)
        await self._post.write(connection, token.org_id, made.email, letter, made.expires_at)

    async def page(self, identity: Identity, *, size: int, token: str) -> tuple[list[Invitation], str]:
        """Those that are open, and the token of the next page."""
        cursor = pagination.decode(token, "invitations", parts=2)
        before = pagination.moment_and_id(cursor) if cursor else None
        size = size or _DEFAULT_PAGE
        async with self._postgres.transaction(identity.tenant) as connection:
            found = await store.page(connection, identity.tenant, before, size + 1)
        if len(found) <= size:
            return found, ""
        last = found[size - 1]
        return found[:size], pagination.encode([last.created_at.isoformat(), str(last.id)], "invitations")

    async def delete(self, identity: Identity, name: str) -> None:
        """Raises NOT_FOUND, PERMISSION_DENIED."""
        async with self._postgres.transaction(identity.tenant) as connection:
            await hold_permitted(connection, identity, _WRITE)
            if await store.delete(connection, identity.tenant, names.id_of(name)) is None:
                raise not_found(name)
            await audit.record(connection, identity, "invitation.deleted", name)

    async def preview(self, text: str) -> Offer:
        """Raises LINK_INVALID."""
        return await self._offer(_parsed(text))

    async def _offer(self, token: LinkToken) -> Offer:
        async with self._postgres.transaction(token.org_id) as connection:
            invitation = await store.offered(connection, token)
            organization = await organizations.get(connection, token.org_id)
            if invitation is None or organization is None:
                raise refusals.link_invalid()
            account = await accounts.find(connection, invitation.email)
        return Offer(organization, invitation, account is not None)

    async def accept(self, text: str, acceptance: Acceptance) -> Joined:
        """Raises LINK_INVALID, and what leaves the link as it was: PASSWORD_WEAK, CREDENTIALS_INVALID."""
        token = _parsed(text)
        offer = await self._offer(token)
        if offer.has_account:
            return await self._join(token, offer, acceptance)
        email = offer.invitation.email
        require_strong(acceptance.password, email=email, organization=offer.organization.display_name)
        password_hash = await self._passwords.hash(acceptance.password)
        async with self._postgres.transaction(token.org_id) as connection:
            account = Account(new_id(), email, token.org_id, password_hash, datetime.now(UTC))
            # Somebody may have opened one meanwhile: that one has a password of its own.
            if not await accounts.insert(connection, account):
                raise refusals.email_taken(email)
            return await self._enter(connection, token, account.id, acceptance)

    async def _join(self, token: LinkToken, offer: Offer, acceptance: Acceptance) -> Joined:
        email = offer.invitation.email
        account, right, made = await self._sessions.looked_at(email, acceptance.password, acceptance.client)
        if account is None or not right:
            async with self._postgres.transaction(token.org_id) as connection:
                await self._throttle.failed(connection, made)
                caller, name = Identity(org_id=token.org_id), names.invitation(token.id)
                await audit.record(connection, caller, "invitation.refused", name)
            raise refusals.credentials_invalid()
        async with self._postgres.transaction(token.org_id) as connection:
            await self._throttle.succeeded(connection, made)
            signed_in = await self._enter(connection, token, account.id, acceptance)
            await go_on_as(connection, account.org_id)
            await accounts.set_verified(connection, email)
        return signed_in

    async def _enter(
        self, connection: Connection, token: LinkToken, user_id: UUID, acceptance: Acceptance
    ) -> Joined:
        await organizations.hold(connection, token.org_id)
        invitation = await store.consume(connection, token)
        if invitation is None or await users.get(connection, token.org_id, user_id) is not None:
            raise refusals.link_invalid()
        user = await users.insert(
            connection,
            token.org_id,
            user_id,
            invitation.email,
            acceptance.display_name,
            invitation.roles,
            invitation.custom_roles,
        )
        caller = Identity(subject=names.user(user.id), org_id=token.org_id)
        detail = {"invited_by": invitation.invited_by, "roles": ",".join(roles.names(user.roles))}
        await audit.record(connection, caller, "invitation.accepted", names.invitation(token.id), detail)
        if await must_use_sso(connection, token.org_id, user):
            return Joined(user)
        tokens = await self._sessions.begin(connection, token.org_id, user, acceptance.client)
        return Joined(user, tokens)


def _parsed(text: str) -> LinkToken:
    token = LinkToken.parse(text)
    if token is None:
        raise refusals.link_invalid()
    return token


async def _require_verified(connection: Connection, caller: Principal) -> None:
    """A service account has no e-mail; a person who can make one has."""
    if caller.email:
        account = await accounts.find(connection, caller.email)
        if account is None or account.verified_at is None:
            raise refusals.email_unverified()
