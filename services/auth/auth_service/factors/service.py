"""The rules of adding and removing second factors."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from auth_service import names, refusals
from auth_service.challenges import store as challenges
from auth_service.challenges.model import ChallengeToken, Given, Purpose
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.factors import recovery, store, totp
from auth_service.factors.model import Factor, Json, Kind
from auth_service.factors.passkeys import BadPasskeyError, RelyingParty
from auth_service.factors.secrets import Secrets
from auth_service.mail import letters
from auth_service.mail.post import Post
from auth_service.revoking import revoke
from auth_service.sessions import store as sessions
from auth_service.tokens.authentication import CODE, DEVICE_KEY, SYNCED_KEY, Authentication
from bloom.auth.v1 import factor_pb2
from service_runtime import audit
from service_runtime.errors import not_found
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres
from service_runtime.revocation import of_session

_MOST = 10
# For so long an app's secret waits for its first code.
_PENDING = timedelta(minutes=10)


class Factors:
    """A person's own, from within a session."""

    def __init__(
        self,
        postgres: Postgres,
        secrets: Secrets,
        party: RelyingParty,
        post: Post,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._postgres = postgres
        self._secrets = secrets
        self._party = party
        self._post = post
        self._clock = clock

    async def all(self, identity: Identity) -> tuple[list[Factor], int]:
        """Those in force, and how many recovery codes are left. For who has no session there are none."""
        if not is_signed_in(identity):
            return [], 0
        org_id, user_id = identity.tenant, names.id_of(identity.subject)
        async with self._postgres.transaction(org_id) as connection:
            found = await store.in_force(connection, org_id, user_id)
            return found, await store.codes_left(connection, org_id, user_id)

    async def start_totp(self, identity: Identity, display_name: str) -> tuple[Factor, bytes, str]:
        """With its secret and the address that an app reads. Raises STATE_FORBIDS, TOKEN_INVALID."""
        factor_id, secret = new_id(), totp.new_secret()
        wrapped = self._secrets.wrapped(identity.tenant, factor_id, secret)
        async with self._postgres.transaction(identity.tenant) as connection:
            user = await self._held(connection, identity)
            factor = await store.add_totp(connection, identity.tenant, user.id, wrapped, display_name)
        return factor, secret, totp.uri(secret, user.email)

    async def confirm_totp(self, identity: Identity, name: str, text: str) -> tuple[Factor, list[str]]:
        """The factor and, if it is the first, recovery codes. Raises NOT_FOUND, SECOND_FACTOR_INVALID."""
        org_id, factor_id = identity.tenant, names.id_of(name)
        if not is_signed_in(identity):
            raise not_found(name)
        async with self._postgres.transaction(org_id) as connection:
            user = await _hold(connection, identity)
            waiting = await store.pending_totp(connection, org_id, user.id, factor_id, _PENDING)
            if waiting is None:
                raise not_found(name)
            steps = totp.matching(self._secrets.unwrapped(org_id, waiting), text, self._clock())
            if not steps:
                raise refusals.second_factor_invalid()
            first = not await store.in_force(connection, org_id, user.id)
            factor = await store.confirm(connection, org_id, factor_id, max(steps))
            return factor, await self._added(connection, identity, user, factor.kind, CODE, first=first)

    async def start_passkey(self, identity: Identity) -> tuple[Given, Json]:
        """A challenge and what a browser makes a passkey from. Raises STATE_FORBIDS, TOKEN_INVALID."""
        org_id = identity.tenant
        async with self._postgres.transaction(org_id) as connection:
            user = await self._held(connection, identity)
            given = await challenges.give(connection, org_id, Purpose.ENROLMENT, user.id, epoch=user.epoch)
            present = await store.passkeys(connection, org_id, user.id)
        return given, self._party.creation_options(given.token.for_passkey, org_id, user, present)

    async def finish_passkey(
        self, identity: Identity, text: str, credential: Json, display_name: str
    ) -> tuple[Factor, list[str]]:
        """As `confirm_totp`. Raises CHALLENGE_INVALID, SECOND_FACTOR_INVALID, STATE_FORBIDS."""
        org_id, token = identity.tenant, ChallengeToken.parse(text)
        if token is None or token.org_id != org_id or not is_signed_in(identity):
            raise refusals.challenge_invalid()
        async with self._postgres.transaction(org_id) as connection:
            asked = await challenges.consume(connection, token, Purpose.ENROLMENT)
        if asked is None or asked.user_id != names.id_of(identity.subject):
            raise refusals.challenge_invalid()
        try:
            made = self._party.made(credential, token.for_passkey)
        except BadPasskeyError as bad:
            raise refusals.second_factor_invalid() from bad
        async with self._postgres.transaction(org_id) as connection:
            user = await self._held(connection, identity)
            first = not await store.in_force(connection, org_id, user.id)
            factor = await store.add_passkey(connection, org_id, user.id, new_id(), made, display_name)
            if factor is None:
                raise refusals.passkey_present()
            methods = SYNCED_KEY if made.synced else DEVICE_KEY
            return factor, await self._added(connection, identity, user, factor.kind, methods, first=first)

    async def delete(self, identity: Identity, name: str) -> None:
        """With the last one go the recovery codes. Raises NOT_FOUND."""
        org_id, factor_id = identity.tenant, names.id_of(name)
        if not is_signed_in(identity):
            raise not_found(name)
        async with self._postgres.transaction(org_id) as connection:
            user = await _hold(connection, identity)
            kind = await store.delete(connection, org_id, user.id, factor_id)
            if kind is None:
                raise not_found(name)
            if not await store.in_force(connection, org_id, user.id):
                await store.replace_codes(connection, org_id, user.id, [])
            await audit.record(connection, identity, "factor.deleted", name, {"kind": _kind(kind)})
            await self._tell(connection, identity, user, "A second factor was removed from the account")

    async def new_codes(self, identity: Identity) -> list[str]:
        """In place of the old ones. Raises STATE_FORBIDS where no factor is that they could stand for."""
        require_signed_in(identity)
        async with self._postgres.transaction(identity.tenant) as connection:
            user = await _hold(connection, identity)
            if not await store.in_force(connection, identity.tenant, user.id):
                raise refusals.no_factor()
            return await _make_codes(connection, identity, user)

    async def _held(self, connection: Connection, identity: Identity) -> User:
        """The user, with room for one more factor."""
        require_signed_in(identity)
        user = await _hold(connection, identity)
        if await store.count(connection, identity.tenant, user.id, _PENDING) >= _MOST:
            raise refusals.factors_full(_MOST)
        return user

    async def _added(
        self,
        connection: Connection,
        identity: Identity,
        user: User,
        kind: Kind,
        methods: tuple[str, ...],
        *,
        first: bool,
    ) -> list[str]:
        """The first one ends the sessions that were begun without: who began them is not known."""
        org_id, own = identity.tenant, UUID(identity.session_id)
        if await sessions.authenticated(connection, org_id, own, Authentication.now(methods)) is None:
            raise refusals.session_over()
        others = first and await sessions.end_all(connection, org_id, user.id, "second factor added", but=own)
        await audit.record(connection, identity, "factor.added", identity.subject, {"kind": _kind(kind)})
        await self._tell(connection, identity, user, "A second factor was added to the account")
        for session_id in others or ():
            await revoke(connection, org_id, of_session(session_id))
            await audit.record(connection, identity, "session.ended", names.session(session_id))
        return await _make_codes(connection, identity, user) if first else []

    async def _tell(self, connection: Connection, identity: Identity, user: User, what: str) -> None:
        letter = letters.factor_changed(user.email, what)
        await self._post.notify(connection, identity.tenant, user.email, letter)


def is_signed_in(identity: Identity) -> bool:
    """Whether a person is here; a program, a key and an exchanged token have no session."""
    return bool(identity.session_id) and names.is_user(identity.subject)


def require_signed_in(identity: Identity) -> None:
    """Raises STATE_FORBIDS."""
    if not is_signed_in(identity):
        raise refusals.no_session()


async def _hold(connection: Connection, identity: Identity) -> User:
    """Nobody else changes the user's factors until the transaction ends. Raises TOKEN_INVALID."""
    user_id = names.id_of(identity.subject)
    await store.hold_user(connection, identity.tenant, user_id)
    user = await users.get(connection, identity.tenant, user_id)
    if user is None or user.disabled:
        raise refusals.subject_gone()
    return user


async def _make_codes(connection: Connection, identity: Identity, user: User) -> list[str]:
    codes = recovery.new_codes()
    hashes = [recovery.digest(identity.tenant, user.id, code) for code in codes]
    await store.replace_codes(connection, identity.tenant, user.id, hashes)
    await audit.record(connection, identity, "recovery_code.made", identity.subject, {"count": len(codes)})
    return codes


def _kind(kind: Kind) -> str:
    return factor_pb2.FactorKind.Name(kind).removeprefix("FACTOR_KIND_")
