"""The rules of passwords and e-mails: forgotten, changed, confirmed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from auth_service import names, refusals
from auth_service.accounts import store
from auth_service.accounts.model import Account, normalized
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.factors.service import require_signed_in
from auth_service.links import store as links
from auth_service.links.model import LinkToken, Purpose
from auth_service.mail import letters
from auth_service.mail.post import Post
from auth_service.organizations import store as organizations
from auth_service.organizations.model import INSTALLATION
from auth_service.passwords.hashing import Passwords
from auth_service.passwords.strength import require_strong
from auth_service.revoking import revoke
from auth_service.sessions import store as sessions
from auth_service.sessions.model import Client
from auth_service.sessions.service import Sessions
from auth_service.throttle.service import Throttle, unlock
from service_runtime import audit
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres, go_on_as
from service_runtime.revocation import of_session

_RESET = timedelta(minutes=30)
_VERIFICATION = timedelta(days=2)


class Accounts:
    """What a person does with the own account. Its password is one for all its organizations."""

    def __init__(
        self, postgres: Postgres, passwords: Passwords, sessions: Sessions, throttle: Throttle, post: Post
    ) -> None:
        self._postgres = postgres
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._post = post

    async def request_reset(self, email: str, client: Client) -> None:
        """For an unknown e-mail the same statements run, and the mail is too old to be sent.

        Raises RATE_LIMITED for an address that asks for too many.
        """
        email = normalized(email)
        wanted = await self._throttle.take_mail(email, client.address)
        async with self._postgres.unscoped() as connection:
            account = await store.find(connection, email)
        org_id, account_id = (account.org_id, account.id) if account else (INSTALLATION, new_id())
        async with self._postgres.transaction(org_id) as connection:
            able = await _may_sign_in(connection, email, account_id) and wanted
            await go_on_as(connection, org_id)
            ends = datetime.now(UTC) + (_RESET if able else timedelta())
            token = LinkToken.new(org_id, new_id())
            await links.insert(connection, token, account_id, Purpose.PASSWORD_RESET, ends)
            letter = letters.reset(email, self._post.link("reset", token.encoded()), _RESET)
            await self._post.write(connection, org_id, email, letter, ends)
            resource = names.user(account_id) if account else "accounts/-"
            await audit.record(connection, Identity(org_id=org_id), "password.reset_requested", resource)

    async def reset(self, text: str, password: str) -> None:
        """Raises LINK_INVALID, and PASSWORD_WEAK, after which the link still works."""
        token = LinkToken.parse(text)
        if token is None:
            raise refusals.link_invalid()
        user = await self._holder(token, Purpose.PASSWORD_RESET, password)
        # No transaction is open while a hash waits and runs.
        password_hash = await self._passwords.hash(password)
        async with self._postgres.transaction(token.org_id) as connection:
            if await links.consume(connection, token, Purpose.PASSWORD_RESET) is None:
                raise refusals.link_invalid()
            await unlock(connection, user.email)
            # Whoever followed the link reads the mail.
            await store.set_verified(connection, user.email)
            caller = Identity(org_id=token.org_id)
            await audit.record(connection, caller, "password.reset", names.user(user.id))
            await self._replace(connection, token.org_id, user, password_hash)

    async def change(self, identity: Identity, current: str, password: str, client: Client) -> None:
        """Raises CREDENTIALS_INVALID, PASSWORD_WEAK, SIGN_IN_THROTTLED, STATE_FORBIDS, TOKEN_INVALID."""
        require_signed_in(identity)
        user = await self._own(identity)
        account, right, made = await self._sessions.looked_at(user.email, current, client)
        if account is None or not right:
            async with self._postgres.transaction(identity.tenant) as connection:
                await self._throttle.failed(connection, made)
                await audit.record(connection, identity, "password.change_refused", identity.subject)
            raise refusals.password_wrong()
        if password == current:
            raise refusals.password_same()
        await self._require_strong(identity.tenant, user, password)
        password_hash = await self._passwords.hash(password)
        async with self._postgres.transaction(account.org_id) as connection:
            await self._throttle.succeeded(connection, made)
            caller = Identity(subject=identity.subject, org_id=account.org_id)
            await audit.record(connection, caller, "password.changed", identity.subject)
            own = UUID(identity.session_id)
            await self._replace(connection, account.org_id, user, password_hash, but=own)

    async def request_verification(self, identity: Identity, client: Client) -> None:
        """Raises STATE_FORBIDS, TOKEN_INVALID, RATE_LIMITED."""
        require_signed_in(identity)
        user = await self._own(identity)
        async with self._postgres.unscoped() as connection:
            account = await store.find(connection, user.email)
        if account is None or account.verified_at is not None:
            return
        if await self._throttle.take_mail(user.email, client.address):
            async with self._postgres.transaction(account.org_id) as connection:
                await ask_to_verify(connection, self._post, account)

    async def verify(self, text: str) -> None:
        """Raises LINK_INVALID."""
        token = LinkToken.parse(text)
        if token is None:
            raise refusals.link_invalid()
        async with self._postgres.transaction(token.org_id) as connection:
            account_id = await links.consume(connection, token, Purpose.VERIFICATION)
            user = await users.get(connection, token.org_id, account_id) if account_id else None
            if user is None:
                raise refusals.link_invalid()
            if await store.set_verified(connection, user.email):
                caller = Identity(subject=names.user(user.id), org_id=token.org_id)
                await audit.record(connection, caller, "email.verified", caller.subject)

    async def _own(self, identity: Identity) -> User:
        async with self._postgres.transaction(identity.tenant) as connection:
            user = await users.get(connection, identity.tenant, names.id_of(identity.subject))
        if user is None or user.disabled:
            raise refusals.subject_gone()
        return user

    async def _holder(self, token: LinkToken, purpose: Purpose, password: str) -> User:
        async with self._postgres.transaction(token.org_id) as connection:
            account_id = await links.whose(connection, token, purpose)
            user = await users.get(connection, token.org_id, account_id) if account_id else None
            able = user is not None and await _may_sign_in(connection, user.email, user.id)
        if user is None or not able:
            raise refusals.link_invalid()
        await self._require_strong(token.org_id, user, password)
        return user

    async def _require_strong(self, org_id: UUID, user: User, password: str) -> None:
        async with self._postgres.transaction(org_id) as connection:
            organization = await organizations.get(connection, org_id)
        name = organization.display_name if organization else ""
        require_strong(password, email=user.email, organization=name)

    async def _replace(
        self, connection: Connection, org_id: UUID, user: User, password_hash: str, but: UUID | None = None
    ) -> None:
        """In every organization of the account, at once: the sessions that the old password began end."""
        await store.set_password(connection, user.email, password_hash)
        await links.consume_all(connection, org_id, user.id, Purpose.PASSWORD_RESET)
        await self._post.notify(connection, org_id, user.email, letters.password_changed(user.email))
        for other in await store.organizations_of(connection, user.email):
            await go_on_as(connection, other)
            for session_id in await sessions.end_all(connection, other, user.id, "password changed", but=but):
                await revoke(connection, other, of_session(session_id))


async def ask_to_verify(connection: Connection, post: Post, account: Account) -> None:
    """Sends the link, from within the organization that the account opens."""
    token, ends = LinkToken.new(account.org_id, new_id()), datetime.now(UTC) + _VERIFICATION
    await links.insert(connection, token, account.id, Purpose.VERIFICATION, ends)
    letter = letters.verification(account.email, post.link("verify", token.encoded()), _VERIFICATION)
    await post.write(connection, account.org_id, account.email, letter, ends)


async def _may_sign_in(connection: Connection, email: str, account_id: UUID) -> bool:
    """Whether any organization lets the account in. The transaction is among the rows of one of them after.

    An account that there is not is looked for in the installation, so that the statements are the same.
    """
    for org_id in await store.organizations_of(connection, email) or [INSTALLATION]:
        await go_on_as(connection, org_id)
        user = await users.get(connection, org_id, account_id)
        if user is not None and not user.disabled:
            return True
    return False
