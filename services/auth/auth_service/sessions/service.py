"""Signing in, refreshing with rotation, signing out."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from auth_service import names, refusals
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account, normalized
from auth_service.challenges.model import Purpose
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.factors.asking import ask
from auth_service.factors.model import Asked
from auth_service.factors.passkeys import RelyingParty
from auth_service.organizations.model import INSTALLATION
from auth_service.passwords.hashing import Passwords
from auth_service.revoking import revoke
from auth_service.sessions import store
from auth_service.sessions.model import (
    Client,
    PresentedToken,
    RefreshToken,
    SignedIn,
    TokenPair,
    new_nonce,
)
from auth_service.sso.requiring import must_use_sso, record_sso_required
from auth_service.throttle.model import Try
from auth_service.throttle.service import Throttle
from auth_service.tokens.access import AccessTokens
from auth_service.tokens.authentication import PASSWORD, Authentication
from service_runtime import audit
from service_runtime.errors import DomainError
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, go_on_as
from service_runtime.revocation import of_session

# Enough to know a browser by.
_LONGEST_AGENT = 300


class Sessions:
    """`lifetime` is of a session from its sign-in; within `retry` a lost answer is given again.

    Sign-ins have connections of their own, `sign_ins`: however many wait there, nobody else does.
    """

    def __init__(
        self,
        postgres: Postgres,
        sign_ins: Postgres,
        passwords: Passwords,
        tokens: AccessTokens,
        throttle: Throttle,
        party: RelyingParty,
        *,
        lifetime: timedelta,
        retry: timedelta,
    ) -> None:
        self._postgres = postgres
        self._sign_ins = sign_ins
        self._passwords = passwords
        self._tokens = tokens
        self._throttle = throttle
        self._party = party
        self._lifetime = lifetime
        self._retry = retry

    async def login(self, email: str, password: str, client: Client) -> SignedIn | Asked:
        """Raises CREDENTIALS_INVALID, alike in words and in work for every cause, and SIGN_IN_THROTTLED.

        Where the account has second factors the password gives a challenge and no token. SSO_REQUIRED where
        the organization wants single sign-on: only who knows the password learns it.
        """
        account, right, made = await self.looked_at(normalized(email), password, client)
        answer = await self._enter(account, password, client, made) if account and right else None
        if answer is None:
            await self._record_failure(account, made)
            raise refusals.credentials_invalid()
        # Raised after the commit: its record must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def looked_at(self, email: str, password: str, client: Client) -> tuple[Account | None, bool, Try]:
        """Whose e-mail it is, and whether the password is right. Raises SIGN_IN_THROTTLED."""
        self._passwords.require_room()
        made = await self._throttle.take(email, client.address)
        async with self._sign_ins.unscoped() as connection:
            account = await accounts.find(connection, email)
        try:
            # No transaction is open while a hash waits and runs.
            right = await self._passwords.verify(account.password_hash if account else None, password)
        except DomainError:
            await self._throttle.undone(made)
            raise
        return account, right, made

    async def _enter(
        self, account: Account, password: str, client: Client, made: Try
    ) -> SignedIn | Asked | DomainError | None:
        renewed = await self._passwords.rehashed(account.password_hash, password)
        async with self._sign_ins.transaction(account.org_id) as connection:
            if renewed:
                await accounts.replace_hash(connection, account, renewed)
            user = await users.held(connection, account.org_id, account.id)
            org_id = account.org_id
            if user is None or user.disabled:
                user, org_id = await _elsewhere(connection, account)
            if user is None:
                return None
            if await must_use_sso(connection, org_id, user):
                await self._throttle.password_right(connection, made)
                await record_sso_required(connection, org_id, user)
                return refusals.sso_required()
            await store.clear_expired(connection, org_id)
            asked = await self.ask_or_begin(connection, org_id, user, client, Authentication.now(PASSWORD))
            if isinstance(asked, Asked):
                await self._throttle.password_right(connection, made)
            else:
                await self._throttle.succeeded(connection, made)
            return asked

    async def ask_or_begin(
        self, connection: Connection, org_id: UUID, user: User, client: Client, shown: Authentication
    ) -> SignedIn | Asked:
        """A challenge for who has second factors, a session for anybody else."""
        asked = await ask(connection, org_id, user, self._party, Purpose.SIGN_IN, shown.methods)
        if asked is not None:
            await audit.record(connection, Identity(org_id=org_id), "session.asked", names.user(user.id))
            return asked
        return SignedIn(user, await self.begin(connection, org_id, user, client, shown.methods, shown.at))

    async def begin(
        self,
        connection: Connection,
        org_id: UUID,
        user: User,
        client: Client,
        methods: tuple[str, ...] = PASSWORD,
        at: datetime | None = None,
    ) -> TokenPair:
        """A new session, in the transaction of what leads to it. `methods` were shown `at`, or now.

        Whoever lets in a user that was there before asks for a second factor first, as `login` does.
        """
        authentication = Authentication(methods, at) if at else Authentication.now(methods)
        refresh = RefreshToken.new(org_id, new_id())
        agent = client.user_agent[:_LONGEST_AGENT]
        await store.insert(connection, refresh, user.id, self._lifetime, agent, authentication)
        caller = Identity(subject=names.user(user.id), org_id=org_id)
        detail = {"methods": " ".join(authentication.methods)}
        await audit.record(connection, caller, "session.began", names.session(refresh.session_id), detail)
        access = self._tokens.for_subject(
            caller.subject,
            org_id,
            user.all_roles,
            user.custom_permissions,
            epoch=user.epoch,
            session=refresh.session_id,
            authentication=authentication,
        )
        return TokenPair(access, self._tokens.lifetime, refresh.encoded())

    async def _record_failure(self, account: Account | None, made: Try) -> None:
        """Also for an unknown e-mail, in the installation's own chain: leaving it out would be quicker."""
        async with self._sign_ins.unscoped() as connection:
            locked = await self._throttle.failed(connection, made)
        org_id = account.org_id if account else INSTALLATION
        resource = names.user(account.id) if account else "accounts/-"
        async with self._sign_ins.transaction(org_id) as connection:
            await audit.record(
                connection, Identity(org_id=org_id), "session.refused", resource, {"locked": locked}
            )

    async def refresh(self, text: str, client: Client) -> TokenPair:
        """Changes a refresh token for the next. Raises TOKEN_INVALID, and REFRESH_REUSED for an old one.

        Clients are told apart as far as they tell themselves, by their user agents.
        """
        token = RefreshToken.parse(text)
        if token is None:
            raise refusals.session_over()
        async with self._postgres.transaction(token.org_id) as connection:
            await store.hold(connection, token)
            found = await store.presented(connection, token)
            answer = await self._answer(connection, token, found, _digest(client.user_agent))
        # Raised after the commit: the end of a family must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def _answer(
        self, connection: Connection, token: RefreshToken, found: PresentedToken | None, client: bytes
    ) -> TokenPair | DomainError:
        if found is None or not found.open:
            await _record_refused(connection, token, found)
            return refusals.session_over()
        if found.generation == found.newest_generation:
            nonce = new_nonce()
            successor = token.successor(nonce)
            await store.rotate(connection, successor, nonce, client)
            return self._pair(successor, found)
        if found.rotation_nonce is not None and self._is_retry(found, client):
            return self._pair(token.successor(found.rotation_nonce), found)
        await store.end(connection, token.org_id, token.session_id, "refresh token reused")
        await revoke(connection, token.org_id, of_session(token.session_id))
        caller = Identity(subject=names.user(found.user_id), org_id=token.org_id)
        await audit.record(connection, caller, "session.reused", names.session(token.session_id))
        return refusals.refresh_reused()

    def _is_retry(self, found: PresentedToken, client: bytes) -> bool:
        """The token before the newest, whose successor nobody has used, soon, from the same client."""
        previous = found.generation == found.newest_generation - 1
        # A transaction that began before the rotation has an age below zero: a retry of nothing is none.
        soon = bool(self._retry) and found.age <= self._retry
        return previous and soon and found.rotation_client == client

    def _pair(self, refresh: RefreshToken, found: PresentedToken) -> TokenPair:
        subject = names.user(found.user_id)
        access = self._tokens.for_subject(
            subject,
            refresh.org_id,
            found.roles,
            found.custom_permissions,
            epoch=found.epoch,
            session=refresh.session_id,
            authentication=found.authentication,
        )
        return TokenPair(access, self._tokens.lifetime, refresh.encoded())

    async def logout(self, text: str) -> None:
        """Ends the token's session. Silent about a token that is unknown."""
        token = RefreshToken.parse(text)
        if token is None:
            return
        async with self._postgres.transaction(token.org_id) as connection:
            await store.hold(connection, token)
            found = await store.presented(connection, token)
            if found is None or not found.open:
                return
            await store.end(connection, token.org_id, token.session_id, "signed out")
            await revoke(connection, token.org_id, of_session(token.session_id))
            caller = Identity(subject=names.user(found.user_id), org_id=token.org_id)
            await audit.record(connection, caller, "session.ended", names.session(token.session_id))


async def _elsewhere(connection: Connection, account: Account) -> tuple[User | None, UUID]:
    """The first of the account's other organizations that lets it in; the transaction goes on there."""
    for org_id in await accounts.organizations_of(connection, account.email):
        await go_on_as(connection, org_id)
        user = await users.held(connection, org_id, account.id)
        if user is not None and not user.disabled:
            return user, org_id
    return None, account.org_id


def _digest(user_agent: str) -> bytes:
    return hashlib.sha256(user_agent.encode()).digest()


async def _record_refused(connection: Connection, token: RefreshToken, found: PresentedToken | None) -> None:
    """Not for a token that never was: it names any organization that it likes, whose chain it would fill."""
    if found is not None:
        caller = Identity(subject=names.user(found.user_id), org_id=token.org_id)
        await audit.record(connection, caller, "session.refresh_refused", names.session(token.session_id))
