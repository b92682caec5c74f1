"""The key that signs, and the public keys that verify."""

import json
import time
from dataclasses import dataclass, field

from joserfc.jwk import ECKey, KeySet

from auth_service.keys import store
from auth_service.keys.store import StoredKey
from auth_service.keys.wrapping import KeyWrap
from service_runtime.postgres import Postgres

# How long the published keys are answered from memory.
_FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An ES256 private key; `kid` is its RFC 7638 thumbprint."""

    kid: str
    key: ECKey = field(repr=False)


class Keyring:
    """Also the `KeySource` of this service's own request path."""

    def __init__(self, postgres: Postgres, signing: SigningKey) -> None:
        self._postgres = postgres
        self.signing = signing
        self._published = b""
        self._read_at = float("-inf")

    @classmethod
    async def open(cls, postgres: Postgres, wrap: KeyWrap) -> "Keyring":
        """The active key, made if there is none. Raises WrongSecretError."""
        async with postgres.unscoped() as connection:
            await store.take_turns(connection)
            stored = await store.active(connection)
            if stored is None:
                stored = _generated(wrap)
                await store.add_active(connection, stored)
        private = json.loads(wrap.unwrap(stored.wrapped, stored.kid))
        return cls(postgres, SigningKey(stored.kid, ECKey.import_key(private)))

    async def published(self) -> bytes:
        """The JSON Web Key Set (RFC 7517), public parts only."""
        if time.monotonic() - self._read_at > _FRESH_SECONDS:
            async with self._postgres.unscoped() as connection:
                keys = await store.published(connection)
            self._published = json.dumps({"keys": keys}, separators=(",", ":")).encode()
            self._read_at = time.monotonic()
        return self._published

    async def fetch(self) -> KeySet:
        """As the verifier wants them."""
        return KeySet.import_key_set(json.loads(await self.published()))


def _generated(wrap: KeyWrap) -> StoredKey:
    key = ECKey.generate_key("P-256", private=True)
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": "ES256"}
    private = json.dumps(key.as_dict(private=True)).encode()
    return StoredKey(kid, public, wrap.wrap(private, kid))
