"""Signs the heads of audit chains with the key that signs tokens: auth's own, and those of other services.

A service walks its chain before it asks. What is signed here only grows: a head that is older than the last
one that was signed, or another one at the same place, is refused, whoever asks.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import grpc

from auth_service import names
from auth_service.auditing import store
from auth_service.keys.keyring import Keyring
from service_runtime.chain_file import Head
from service_runtime.errors import DomainError, Reason
from service_runtime.postgres import Postgres
from service_runtime.signed_head import Seal, Statement, sign


def _now() -> datetime:
    return datetime.now(UTC)


class KeyringSigner:
    """Signs with the key that signs at the moment. `clock` tells the time that is signed."""

    def __init__(self, keyring: Keyring, clock: Callable[[], datetime] = _now) -> None:
        self._keyring = keyring
        self._clock = clock

    async def sign(self, org_id: UUID, head: Head, chain: str = "") -> tuple[Seal, datetime]:
        """`chain` is the service whose chain it is, where that is another."""
        at, signing = self._clock(), self._keyring.signing
        return sign(Statement(org_id, head.seq, head.hash, at, chain), signing.kid, signing.key), at


class ForeignHeads:
    """The heads of other services' chains."""

    def __init__(self, postgres: Postgres, signer: KeyringSigner) -> None:
        self._postgres = postgres
        self._signer = signer

    async def signed(self, chain: str, organization: str, seq: int, digest: str) -> Head:
        """Raises NOT_FOUND, STATE_FORBIDS for a chain that does not go on from what was signed."""
        org_id = names.id_of(organization)
        async with self._postgres.transaction(org_id) as connection:
            await store.require_organization(connection, org_id, organization)
            last = await store.advance_foreign(connection, org_id, chain, seq, bytes.fromhex(digest))
        if last is not None:
            raise DomainError(
                grpc.StatusCode.FAILED_PRECONDITION,
                Reason.ERROR_REASON_STATE_FORBIDS,
                f"Record {last} of this chain was signed before, and it was another one or a later one. "
                "The chain was cut or written anew: compare it with an export.",
                {"signed": str(last)},
            )
        head = Head(seq, digest)
        seal, _ = await self._signer.sign(org_id, head, chain)
        return Head(seq, digest, seal)
