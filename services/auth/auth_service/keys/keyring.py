"""The key that signs, and the keys that verify: published before they sign, kept until they are done."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from joserfc.jwk import ECKey, KeySet, OKPKey, import_key

from auth_service.keys import rotation, store
from auth_service.keys.rotation import Schedule
from auth_service.keys.store import StoredKey
from auth_service.keys.wrapping import KeyWrap
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

_log = logging.getLogger("bloom.auth.keys")
# How long the published keys are answered from memory.
_FRESH_SECONDS = 5.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; `kid` is its RFC 7638 thumbprint, `algorithm` the only one that it is for."""

    kid: str
    algorithm: str
    signs_from: datetime
    key: ECKey | OKPKey = field(repr=False)


class Keyring:
    """Also the `KeySource` of this service's own request path."""

    def __init__(self, postgres: Postgres, wrap: KeyWrap, *, clock: Callable[[], datetime] = _now) -> None:
        self._postgres = postgres
        self._wrap = wrap
        self._clock = clock
        # The newest first.
        self._keys: tuple[SigningKey, ...] = ()
        self._published = b""
        self._read_at = float("-inf")
        self.fresh_seconds = _FRESH_SECONDS

    @classmethod
    async def open(cls, postgres: Postgres, wrap: KeyWrap, schedule: Schedule | None = None) -> "Keyring":
        """With the keys that there are, one made if there is none. Raises WrongSecretError."""
        await rotation.ensure(postgres, wrap, schedule or Schedule())
        ring = cls(postgres, wrap)
        await ring.read()
        return ring

    @property
    def signing(self) -> SigningKey:
        """The latest whose time has come."""
        now = self._clock()
        return next((key for key in self._keys if key.signs_from <= now), self._keys[-1])

    async def published(self) -> bytes:
        """The JSON Web Key Set (RFC 7517), public parts only."""
        if time.monotonic() - self._read_at > self.fresh_seconds:
            await self.read()
        return self._published

    async def fetch(self) -> KeySet:
        """As the verifier wants them."""
        return KeySet.import_key_set(json.loads(await self.published()))

    async def read(self) -> None:
        """The keys as they are now. Raises WrongSecretError."""
        async with self._postgres.unscoped() as connection:
            stored = await store.known(connection)
        self._published = _json([key.public for key in stored])
        opened = {key.kid: key for key in self._keys}
        self._keys = tuple(opened.get(key.kid) or self._opened(key) for key in stored)
        self._read_at = time.monotonic()

    async def keep(self, schedule: Schedule, every_seconds: float) -> None:
        """Takes up what other processes made, and makes a new key when it is time; until it is cancelled."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await rotation.rotate_when_due(self._postgres, self._wrap, schedule)
                await self.read()
            except DomainError as fault:
                _log.warning("signing keys wait: %s", fault.reason_name)

    def _opened(self, stored: StoredKey) -> SigningKey:
        private = json.loads(self._wrap.unwrap(stored.wrapped, stored.kid))
        key = import_key(private)
        if not isinstance(key, ECKey | OKPKey):
            raise TypeError("a signing key is of a kind that was never made here")
        return SigningKey(stored.kid, str(stored.public["alg"]), stored.signs_from, key)


def _json(keys: Sequence[object]) -> bytes:
    return json.dumps({"keys": keys}, separators=(",", ":")).encode()
