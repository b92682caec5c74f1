"""Decides whether what somebody shows is a factor of his own, and that it counts once."""

import time
from collections.abc import Callable
from uuid import UUID

from auth_service import names
from auth_service.challenges.model import ChallengeToken
from auth_service.directory.model import User
from auth_service.factors import passkeys, recovery, store, totp
from auth_service.factors.model import Assertion, Passkey, Proof, RecoveryCode, TotpCode
from auth_service.factors.passkeys import BadPasskeyError, RelyingParty
from auth_service.factors.secrets import Secrets
from auth_service.throttle.service import Throttle
from auth_service.tokens.authentication import CODE, DEVICE_KEY, SYNCED_KEY
from service_runtime import audit
from service_runtime.identity import Identity
from service_runtime.postgres import Connection

Methods = tuple[str, ...]


class Proofs:
    """In the transaction of what a proof leads to, so that a factor is used up if and only if it led there.

    Codes can be guessed, so they are counted by account, each before it is looked at; a signature cannot.
    """

    def __init__(
        self,
        secrets: Secrets,
        party: RelyingParty,
        throttle: Throttle,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secrets = secrets
        self._party = party
        self._throttle = throttle
        self._clock = clock

    async def knows(self, connection: Connection, org_id: UUID, user: User, proof: Assertion) -> bool:
        """Whether it names a passkey of this user; nothing is proven by it."""
        return await _named(connection, org_id, user, proof) is not None

    async def shown(
        self, connection: Connection, org_id: UUID, user: User, proof: Proof, token: ChallengeToken | None
    ) -> Methods | None:
        """What it adds (RFC 8176); None for a wrong one, which is recorded. Raises SIGN_IN_THROTTLED.

        `token` is of the challenge that a passkey has signed.
        """
        if isinstance(proof, Assertion):
            methods, why = await self._signed(connection, org_id, user, proof, token)
        else:
            methods, why = await self._counted(connection, org_id, user, proof)
        if methods is None:
            caller = Identity(org_id=org_id)
            await audit.record(connection, caller, "factor.refused", names.user(user.id), {"why": why})
        return methods

    async def _counted(
        self, connection: Connection, org_id: UUID, user: User, proof: TotpCode | RecoveryCode
    ) -> tuple[Methods | None, str]:
        made = await self._throttle.take_code(connection, user.email)
        if isinstance(proof, TotpCode):
            why = await self._totp(connection, org_id, user.id, proof.text)
        else:
            why = await self._recovery(connection, org_id, user.id, proof.text)
        if why:
            await self._throttle.code_failed(connection, made)
            return None, why
        await self._throttle.code_succeeded(connection, made)
        return CODE, ""

    async def _totp(self, connection: Connection, org_id: UUID, user_id: UUID, text: str) -> str:
        """Why not; empty for a code that was not used before."""
        why, moment = "code", self._clock()
        for factor in await store.totps(connection, org_id, user_id):
            for step in totp.matching(self._secrets.unwrapped(org_id, factor), text, moment):
                if await store.use_step(connection, org_id, factor.id, step):
                    return ""
                why = "code used before"
        return why

    async def _recovery(self, connection: Connection, org_id: UUID, user_id: UUID, text: str) -> str:
        if not await store.use_code(connection, org_id, user_id, recovery.digest(org_id, user_id, text)):
            return "recovery code"
        left = await store.codes_left(connection, org_id, user_id)
        caller, resource = Identity(subject=names.user(user_id), org_id=org_id), names.user(user_id)
        await audit.record(connection, caller, "recovery_code.used", resource, {"left": left})
        return ""

    async def _signed(
        self, connection: Connection, org_id: UUID, user: User, proof: Assertion, token: ChallengeToken | None
    ) -> tuple[Methods | None, str]:
        passkey = await _named(connection, org_id, user, proof)
        claimed = passkeys.owner_of(proof.credential)
        if passkey is None or token is None or claimed not in (None, (org_id, user.id)):
            return None, "passkey of nobody here"
        try:
            count = self._party.sign_count(proof.credential, token.for_passkey, passkey)
        except BadPasskeyError:
            return None, "passkey"
        if not await store.use_passkey(connection, org_id, passkey.id, count):
            return None, "passkey copied: its count did not grow"
        return (SYNCED_KEY if passkey.synced else DEVICE_KEY), ""


async def _named(connection: Connection, org_id: UUID, user: User, proof: Assertion) -> Passkey | None:
    given = passkeys.id_of(proof.credential)
    mine = await store.passkeys(connection, org_id, user.id)
    return next((passkey for passkey in mine if passkey.credential_id == given), None)
