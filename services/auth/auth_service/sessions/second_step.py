"""The second step of a sign-in: a challenge is answered, once, and a session begins."""

from uuid import UUID

from auth_service import refusals
from auth_service.challenges import store as challenges
from auth_service.challenges.model import Challenge, ChallengeToken, Purpose
from auth_service.directory import store as users
from auth_service.directory.model import User
from auth_service.factors import passkeys
from auth_service.factors.asking import ask_anybody
from auth_service.factors.model import Asked, Assertion, Proof
from auth_service.factors.passkeys import RelyingParty
from auth_service.factors.proving import Proofs
from auth_service.organizations.model import INSTALLATION
from auth_service.sessions.model import Client, SignedIn
from auth_service.sessions.service import Sessions
from auth_service.sso.requiring import must_use_sso, record_sso_required
from auth_service.throttle.service import Throttle
from auth_service.tokens.authentication import together
from service_runtime.errors import DomainError
from service_runtime.postgres import Connection, Postgres


class SecondStep:
    """After a password; or alone, with a passkey that says whose it is."""

    def __init__(
        self, sign_ins: Postgres, sessions: Sessions, proofs: Proofs, throttle: Throttle, party: RelyingParty
    ) -> None:
        self._sign_ins = sign_ins
        self._sessions = sessions
        self._proofs = proofs
        self._throttle = throttle
        self._party = party

    async def ask_anybody(self) -> Asked:
        """For a sign-in that begins with a passkey."""
        async with self._sign_ins.transaction(INSTALLATION) as connection:
            return await ask_anybody(connection, self._party)

    async def complete(self, text: str, proof: Proof, client: Client) -> SignedIn:
        """Raises CHALLENGE_INVALID, SECOND_FACTOR_INVALID, SIGN_IN_THROTTLED; SSO_REQUIRED as `login`."""
        token = ChallengeToken.parse(text)
        if token is None:
            raise refusals.challenge_invalid()
        if token.org_id == INSTALLATION:
            return await self._alone(token, proof, client)
        async with self._sign_ins.transaction(token.org_id) as connection:
            answer = await self._after_password(connection, token, proof, client)
        # Raised after the commit: the try that was counted, and its record, must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def _after_password(
        self, connection: Connection, token: ChallengeToken, proof: Proof, client: Client
    ) -> SignedIn | DomainError:
        # What a passkey signed is looked at once; a code may be mistyped.
        take = challenges.consume if isinstance(proof, Assertion) else challenges.take
        asked = await take(connection, token, Purpose.SIGN_IN)
        user = await _user_of(connection, token, asked)
        if asked is None or user is None:
            return refusals.challenge_invalid()
        shown = await self._proofs.shown(connection, token.org_id, user, proof, token)
        if shown is None:
            return refusals.second_factor_invalid()
        await challenges.close(connection, token)
        methods = together(asked.methods, shown)
        tokens = await self._sessions.begin(connection, token.org_id, user, client, methods)
        await self._throttle.entered(connection, user.email, client.address)
        return SignedIn(user, tokens)

    async def _alone(self, token: ChallengeToken, proof: Proof, client: Client) -> SignedIn:
        async with self._sign_ins.transaction(INSTALLATION) as connection:
            asked = await challenges.consume(connection, token, Purpose.PASSKEY_SIGN_IN)
        if asked is None:
            raise refusals.challenge_invalid()
        owner = passkeys.owner_of(proof.credential) if isinstance(proof, Assertion) else None
        if owner is None or not isinstance(proof, Assertion):
            raise refusals.second_factor_invalid()
        org_id, user_id = owner
        async with self._sign_ins.transaction(org_id) as connection:
            answer = await self._by_passkey(connection, org_id, user_id, proof, token, client)
        if answer is None:
            raise refusals.second_factor_invalid()
        # Raised after the commit: its record must stay.
        if isinstance(answer, DomainError):
            raise answer
        return answer

    async def _by_passkey(
        self,
        connection: Connection,
        org_id: UUID,
        user_id: UUID,
        proof: Assertion,
        token: ChallengeToken,
        client: Client,
    ) -> SignedIn | DomainError | None:
        user = await users.held(connection, org_id, user_id)
        # Nothing is recorded of a passkey that nobody has: it names any user that it likes.
        if user is None or user.disabled or not await self._proofs.knows(connection, org_id, user, proof):
            return None
        shown = await self._proofs.shown(connection, org_id, user, proof, token)
        if shown is None:
            return None
        if await must_use_sso(connection, org_id, user):
            await record_sso_required(connection, org_id, user)
            return refusals.sso_required()
        tokens = await self._sessions.begin(connection, org_id, user, client, shown)
        await self._throttle.entered(connection, user.email, client.address)
        return SignedIn(user, tokens)


async def _user_of(connection: Connection, token: ChallengeToken, asked: Challenge | None) -> User | None:
    """Unless he has lost access, or it has changed, since he was asked."""
    if asked is None or asked.user_id is None:
        return None
    user = await users.held(connection, token.org_id, asked.user_id)
    return None if user is None or user.disabled or user.epoch != asked.epoch else user
