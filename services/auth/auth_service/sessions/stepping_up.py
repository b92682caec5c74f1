"""Stepping up: who is in a session shows once more who he is, for what is dangerous."""

from uuid import UUID

from auth_service import names, refusals
from auth_service.challenges import store as challenges
from auth_service.challenges.model import ChallengeToken, Purpose
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.factors import store as factors
from auth_service.factors.asking import ask
from auth_service.factors.model import Asked, Assertion, Proof
from auth_service.factors.passkeys import RelyingParty
from auth_service.factors.proving import Proofs
from auth_service.factors.service import require_signed_in
from auth_service.sessions import store
from auth_service.sessions.model import Client, TokenPair
from auth_service.sessions.service import Sessions
from auth_service.throttle.service import Throttle
from auth_service.tokens.access import AccessTokens
from auth_service.tokens.authentication import PASSWORD, Authentication
from service_runtime import audit
from service_runtime.errors import DomainError
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres


class SteppingUp:
    """A new access token of the same session. What was shown in it before still counts."""

    def __init__(
        self,
        sign_ins: Postgres,
        sessions: Sessions,
        proofs: Proofs,
        throttle: Throttle,
        party: RelyingParty,
        tokens: AccessTokens,
    ) -> None:
        self._sign_ins = sign_ins
        self._sessions = sessions
        self._proofs = proofs
        self._throttle = throttle
        self._party = party
        self._tokens = tokens

    async def ask(self, identity: Identity) -> Asked:
        """What a passkey is to sign. Raises STATE_FORBIDS without a session or a factor, TOKEN_INVALID."""
        require_signed_in(identity)
        async with self._sign_ins.transaction(identity.tenant) as connection:
            user = await _held(connection, identity)
            asked = await ask(connection, identity.tenant, user, self._party, Purpose.STEP_UP)
        if asked is None:
            raise refusals.no_factor()
        return asked

    async def by_password(self, identity: Identity, password: str, client: Client) -> TokenPair:
        """Raises SECOND_FACTOR_REQUIRED, CREDENTIALS_INVALID, SIGN_IN_THROTTLED, and as `ask`."""
        require_signed_in(identity)
        org_id = identity.tenant
        async with self._sign_ins.transaction(org_id) as connection:
            user = await _held(connection, identity)
            await _require_no_factor(connection, org_id, user)
        _, right, made = await self._sessions.looked_at(user.email, password, client)
        async with self._sign_ins.transaction(org_id) as connection:
            if right:
                user = await _held(connection, identity)
                # Once more: one may have come while the hash ran.
                await _require_no_factor(connection, org_id, user)
                await self._throttle.succeeded(connection, made)
                return await self._stepped_up(connection, identity, user, PASSWORD)
            await self._throttle.failed(connection, made)
            session = names.session(UUID(identity.session_id))
            await audit.record(connection, identity, "session.step_up_refused", session)
        raise refusals.password_wrong()

    async def by_factor(self, identity: Identity, proof: Proof, challenge: str) -> TokenPair:
        """Raises SECOND_FACTOR_INVALID, CHALLENGE_INVALID, SIGN_IN_THROTTLED, and as `ask`."""
        require_signed_in(identity)
        token = ChallengeToken.parse(challenge)
        async with self._sign_ins.transaction(identity.tenant) as connection:
            answer = await self._answer(connection, identity, proof, token)
        # Raised after the commit: the try that was counted, and its record, must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def _answer(
        self, connection: Connection, identity: Identity, proof: Proof, token: ChallengeToken | None
    ) -> TokenPair | DomainError:
        user = await _held(connection, identity)
        if isinstance(proof, Assertion) and not await _is_answered(connection, identity, user, token):
            return refusals.challenge_invalid()
        shown = await self._proofs.shown(connection, identity.tenant, user, proof, token)
        if shown is None:
            return refusals.second_factor_invalid()
        return await self._stepped_up(connection, identity, user, shown)

    async def _stepped_up(
        self, connection: Connection, identity: Identity, user: User, methods: tuple[str, ...]
    ) -> TokenPair:
        org_id, session_id = identity.tenant, UUID(identity.session_id)
        now = await store.authenticated(connection, org_id, session_id, Authentication.now(methods))
        if now is None:
            raise refusals.session_over()
        detail = {"methods": " ".join(methods)}
        await audit.record(connection, identity, "session.stepped_up", names.session(session_id), detail)
        access = self._tokens.for_subject(
            identity.subject,
            org_id,
            user.all_roles,
            user.custom_permissions,
            epoch=user.epoch,
            session=session_id,
            authentication=now,
        )
        return TokenPair(access, self._tokens.lifetime)


async def _held(connection: Connection, identity: Identity) -> User:
    """Nobody disables the user, or ends the session, before the transaction ends."""
    user = await users.held(connection, identity.tenant, names.id_of(identity.subject))
    if user is None or user.disabled:
        raise refusals.subject_gone()
    if await store.hold_open(connection, identity.tenant, UUID(identity.session_id)) is None:
        raise refusals.session_over()
    return user


async def _require_no_factor(connection: Connection, org_id: UUID, user: User) -> None:
    if await factors.in_force(connection, org_id, user.id):
        raise refusals.second_factor_required()


async def _is_answered(
    connection: Connection, identity: Identity, user: User, token: ChallengeToken | None
) -> bool:
    """The challenge is this user's, and this is its one answer."""
    if token is None or token.org_id != identity.tenant:
        return False
    asked = await challenges.consume(connection, token, Purpose.STEP_UP)
    return asked is not None and asked.user_id == user.id
