"""Who calls: a subject for whom the call is made, and the workload that makes it.

Both are ES256 tokens of the auth service, verified here against its public keys without a network call.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

import grpc
from joserfc import errors as jose_errors
from joserfc import jwt
from joserfc.jwk import KeySet

from service_runtime.conditions.model import NOTHING, Conditional, from_claims
from service_runtime.errors import DomainError, Reason
from service_runtime.revocation import Revocations

ISSUER = "bloom-auth"
AUDIENCE = "bloom"
ACCESS_TYPE = "at+jwt"  # RFC 9068
WORKLOAD_TYPE = "wl+jwt"
# Each key is for one of them, which it says itself.
_ALGORITHMS = ["ES256", "EdDSA"]
# Clocks of two hosts of one cluster differ by less than this.
_LEEWAY_SECONDS = 5
_CACHED_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller; `subject` is `users/{uuid}` or `serviceAccounts/{uuid}`, a lone workload has none."""

    subject: str = ""
    org_id: UUID | None = None
    # Those that hold for every resource of the organization.
    permissions: frozenset[str] = frozenset()
    # Those that hold for some resources only; see `conditions.asking`.
    conditional: Conditional = NOTHING
    session_id: str = ""
    # The API key that the token was given for; its subject is the key's owner.
    key_id: str = ""
    workload: str = ""
    # When the subject last showed who it is, in seconds since 1970; only in a session.
    authenticated_at: float | None = None
    # The subject's own token, passed on to the next hop; never printed.
    token: str = field(default="", repr=False, compare=False)

    @property
    def tenant(self) -> UUID:
        """The organization; a caller without one has nothing to read or write."""
        if self.org_id is None:
            raise _unauthenticated(
                Reason.ERROR_REASON_TOKEN_INVALID, "This token belongs to no organization."
            )
        return self.org_id


ANONYMOUS = Identity()
current_identity: ContextVar[Identity] = ContextVar("current_identity", default=ANONYMOUS)


class KeySource(Protocol):
    """Where public keys come from."""

    async def fetch(self) -> KeySet:
        """The current JSON Web Key Set."""


class TokenVerifier:
    """Verifies tokens and remembers those it has seen until they expire."""

    def __init__(
        self,
        source: KeySource,
        revocations: Revocations | None = None,
        *,
        refetch_seconds: float = 5.0,
        keys_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Without `revocations` tokens are good until they end. Keys are read anew every `keys_seconds`."""
        self.revocations = Revocations() if revocations is None else revocations
        self._source = source
        self._time = clock
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._refetch_seconds = refetch_seconds
        self._keys_seconds = keys_seconds
        self._reading: asyncio.Task[None] | None = None
        self._seen: OrderedDict[str, tuple[str, dict[str, object]]] = OrderedDict()

    async def claims(self, token: str, expected_type: str) -> dict[str, object]:
        """The token's claims. Raises DomainError TOKEN_INVALID or TOKEN_EXPIRED."""
        self._keep_fresh()
        seen = self._seen.get(token)
        if seen is None:
            seen = await self._verify(token)
            self._remember(token, seen)
        token_type, claims = seen
        if token_type != expected_type:
            raise _invalid_token()
        expires = claims["exp"]
        if not isinstance(expires, int | float) or expires + _LEEWAY_SECONDS < self._time():
            self._seen.pop(token, None)
            raise _unauthenticated(
                Reason.ERROR_REASON_TOKEN_EXPIRED, "The access token has expired. Refresh it and try again."
            )
        return claims

    async def _verify(self, token: str) -> tuple[str, dict[str, object]]:
        keys = await self._current_keys()
        try:
            decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        except (jose_errors.InvalidKeyIdError, jose_errors.MissingKeyError, ValueError) as unknown_key:
            # A key that is newer than our copy; a forged id cannot make us ask more often than the limit.
            if self._time() - self._fetched_at < self._refetch_seconds:
                raise _invalid_token() from unknown_key
            decoded = await self._verify_anew(token)
        except jose_errors.JoseError as broken:
            raise _invalid_token() from broken
        claims, header = dict(decoded.claims), decoded.header
        if (
            claims.get("iss") != ISSUER
            or claims.get("aud") != AUDIENCE
            or "exp" not in claims
            or "sub" not in claims
        ):
            raise _invalid_token()
        return str(header.get("typ", "")), claims

    async def _verify_anew(self, token: str) -> jwt.Token:
        self._keys = None
        try:
            return jwt.decode(token, await self._current_keys(), algorithms=_ALGORITHMS)
        except (jose_errors.JoseError, ValueError) as broken:
            raise _invalid_token() from broken

    async def _current_keys(self) -> KeySet:
        if self._keys is None:
            self._keys = await self._source.fetch()
            self._fetched_at = self._time()
        return self._keys

    def _keep_fresh(self) -> None:
        """Reads old keys anew while they are in use; nobody waits for it."""
        if self._keys is None or self._time() - self._fetched_at < self._keys_seconds:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_anew())

    async def _read_anew(self) -> None:
        try:
            keys = await self._source.fetch()
        except DomainError:
            # Those that are known stay in use while auth is away; asked again after a while.
            self._fetched_at = self._time() - self._keys_seconds + self._refetch_seconds
            return
        before, self._keys, self._fetched_at = self._keys, keys, self._time()
        if before is None or _ids(before) != _ids(keys):
            # Signed by a key that is no longer good, perhaps.
            self._seen.clear()

    def _remember(self, token: str, seen: tuple[str, dict[str, object]]) -> None:
        self._seen[token] = seen
        if len(self._seen) > _CACHED_TOKENS:
            self._seen.popitem(last=False)


def _ids(keys: KeySet) -> set[str | None]:
    return {key.kid for key in keys.keys}


async def identify(verifier: TokenVerifier, bearer: str, workload_token: str) -> Identity:
    """The identity of a call with these two tokens, each of which may be empty."""
    workload = ""
    if workload_token:
        workload = str((await verifier.claims(workload_token, WORKLOAD_TYPE))["sub"]).removeprefix(
            "workloads/"
        )
    if not bearer:
        return Identity(workload=workload)
    claims = await verifier.claims(bearer, ACCESS_TYPE)
    org_id = _organization(claims)
    if verifier.revocations.refuses(claims):
        raise _unauthenticated(Reason.ERROR_REASON_TOKEN_REVOKED, "This access was ended. Sign in again.")
    permissions = claims.get("perms")
    if not isinstance(permissions, list):
        raise _invalid_token()
    return Identity(
        subject=str(claims["sub"]),
        org_id=org_id,
        permissions=frozenset(map(str, permissions)),
        conditional=_conditional(claims),
        session_id=str(claims.get("sid", "")),
        key_id=str(claims.get("key", "")),
        workload=workload,
        authenticated_at=_moment(claims.get("auth_time")),
        token=bearer,
    )


def _conditional(claims: dict[str, object]) -> Conditional:
    try:
        return from_claims(claims)
    except ValueError as broken:
        raise _invalid_token() from broken


def _moment(claim: object) -> float | None:
    return float(claim) if isinstance(claim, int | float) else None


def _organization(claims: dict[str, object]) -> UUID:
    try:
        return UUID(str(claims["org"]))
    except (KeyError, ValueError) as broken:
        raise _invalid_token() from broken


def token_missing() -> DomainError:
    """The method needs a token and none came."""
    return _unauthenticated(
        Reason.ERROR_REASON_TOKEN_MISSING, "Sign in first: send `Authorization: Bearer <access token>`."
    )


def _invalid_token() -> DomainError:
    return _unauthenticated(
        Reason.ERROR_REASON_TOKEN_INVALID, "The access token is not valid. Sign in again."
    )


def _unauthenticated(reason: "Reason.ValueType", message: str) -> DomainError:
    return DomainError(grpc.StatusCode.UNAUTHENTICATED, reason, message)
