"""Signing in, refreshing with rotation, signing out."""

from datetime import timedelta
from uuid import UUID

from auth_service import names, refusals
from auth_service.accounts import store as accounts
from auth_service.accounts.model import Account, normalized
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.organizations.model import INSTALLATION
from auth_service.passwords.hashing import Passwords
from auth_service.sessions import store
from auth_service.sessions.model import PresentedToken, RefreshToken, TokenPair, new_nonce
from auth_service.tokens.access import AccessTokens
from service_runtime import audit
from service_runtime.errors import DomainError
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


class Sessions:
    """`lifetime` is of a session from its sign-in; within `retry` a lost answer is given again."""

    def __init__(
        self,
        postgres: Postgres,
        passwords: Passwords,
        tokens: AccessTokens,
        *,
        lifetime: timedelta,
        retry: timedelta,
    ) -> None:
        self._postgres = postgres
        self._passwords = passwords
        self._tokens = tokens
        self._lifetime = lifetime
        self._retry = retry

    async def login(self, email: str, password: str) -> tuple[User, TokenPair]:
        """Raises CREDENTIALS_INVALID, alike in words and in work for every cause."""
        async with self._postgres.unscoped() as connection:
            account = await accounts.find(connection, normalized(email))
        # No transaction is open while a hash waits and runs.
        right = await self._passwords.verify(account.password_hash if account else None, password)
        signed_in = await self._enter(account, password) if account and right else None
        if signed_in is None:
            await self._record_failure(account)
            raise refusals.credentials_invalid()
        return signed_in

    async def _enter(self, account: Account, password: str) -> tuple[User, TokenPair] | None:
        renewed = await self._passwords.rehashed(account.password_hash, password)
        async with self._postgres.transaction(account.org_id) as connection:
            user = await users.held(connection, account.org_id, account.id)
            if user is None or user.disabled:
                return None
            if renewed:
                await accounts.replace_hash(connection, account, renewed)
            await store.clear_expired(connection, account.org_id)
            tokens = await self.begin(connection, account.org_id, user)
        return user, tokens

    async def begin(self, connection: Connection, org_id: UUID, user: User) -> TokenPair:
        """A new session, in the transaction of what leads to it."""
        refresh = RefreshToken.new(org_id, new_id())
        await store.insert(connection, refresh, user.id, self._lifetime)
        caller = Identity(subject=names.user(user.id), org_id=org_id)
        await audit.record(connection, caller, "session.began", names.session(refresh.session_id))
        access = self._tokens.for_subject(
            caller.subject, org_id, user.roles, user.custom_permissions, session=refresh.session_id
        )
        return TokenPair(access, self._tokens.lifetime, refresh.encoded())

    async def _record_failure(self, account: Account | None) -> None:
        """Also for an unknown e-mail, in the installation's own chain: leaving it out would be quicker."""
        org_id = account.org_id if account else INSTALLATION
        resource = names.user(account.id) if account else "accounts/-"
        async with self._postgres.transaction(org_id) as connection:
            await audit.record(connection, Identity(org_id=org_id), "session.refused", resource)

    async def refresh(self, text: str, client: bytes) -> TokenPair:
        """Changes a refresh token for the next. Raises TOKEN_INVALID, and REFRESH_REUSED for an old one.

        `client` tells clients apart as far as they tell themselves: a digest of the user agent.
        """
        token = RefreshToken.parse(text)
        if token is None:
            raise refusals.session_over()
        async with self._postgres.transaction(token.org_id) as connection:
            await store.hold(connection, token)
            found = await store.presented(connection, token)
            answer = await self._answer(connection, token, found, client)
        # Raised after the commit: the end of a family must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def _answer(
        self, connection: Connection, token: RefreshToken, found: PresentedToken | None, client: bytes
    ) -> TokenPair | DomainError:
        if found is None or not found.open:
            return refusals.session_over()
        if found.generation == found.newest_generation:
            nonce = new_nonce()
            successor = token.successor(nonce)
            await store.rotate(connection, successor, nonce, client)
            return self._pair(successor, found)
        if found.rotation_nonce is not None and self._is_retry(found, client):
            return self._pair(token.successor(found.rotation_nonce), found)
        await store.end(connection, token, "refresh token reused")
        caller = Identity(subject=names.user(found.user_id), org_id=token.org_id)
        await audit.record(connection, caller, "session.reused", names.session(token.session_id))
        return refusals.refresh_reused()

    def _is_retry(self, found: PresentedToken, client: bytes) -> bool:
        """The token before the newest, whose successor nobody has used, soon, from the same client."""
        previous = found.generation == found.newest_generation - 1
        return previous and found.age <= self._retry and found.rotation_client == client

    def _pair(self, refresh: RefreshToken, found: PresentedToken) -> TokenPair:
        subject = names.user(found.user_id)
        access = self._tokens.for_subject(
            subject, refresh.org_id, found.roles, found.custom_permissions, session=refresh.session_id
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
            await store.end(connection, token, "signed out")
            caller = Identity(subject=names.user(found.user_id), org_id=token.org_id)
            await audit.record(connection, caller, "session.ended", names.session(token.session_id))
