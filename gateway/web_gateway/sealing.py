"""What Valkey keeps for a browser, sealed with a key that only the browser's cookie gives.

Whoever reads Valkey opens nothing, and finds no cookie there; whoever has a cookie opens what belongs to it.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import redis.asyncio
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from redis.exceptions import RedisError

from service_runtime.errors import unavailable

_SECRET_BYTES, _NONCE_BYTES, _KEY_BYTES = 32, 12, 32
_SECRET_LENGTH = 43


def new_secret() -> str:
    """256 random bits, as a cookie carries them."""
    return _text(secrets.token_bytes(_SECRET_BYTES))


def csrf_token(secret: str) -> str:
    """What a page of ours, and no other, knows beside the cookie. The cookie does not follow from it."""
    return _text(_derived(secret, b"bloom/web/csrf/v1"))


class Sealed:
    """Values of one kind in Valkey, each under the secret of one browser."""

    def __init__(self, valkey: "redis.asyncio.Redis", kind: str) -> None:
        self._valkey = valkey
        self._kind = kind

    async def put(
        self, secret: str, value: Mapping[str, object], seconds: int, *, instead: bool = False
    ) -> bool:
        """Whether it is kept: with `instead`, only where one still is. Raises DEPENDENCY_UNAVAILABLE."""
        name, nonce = self._name(secret), secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher(secret).encrypt(nonce, json.dumps(value).encode(), name.encode())
        try:
            return bool(await self._valkey.set(name, sealed, ex=seconds, xx=instead))
        except RedisError as away:
            raise unavailable("valkey") from away

    async def get(self, secret: str, seconds: int | None = None) -> dict[str, Any] | None:
        """It lives `seconds` from here on, or as it did. Raises DEPENDENCY_UNAVAILABLE."""
        if len(secret) != _SECRET_LENGTH:
            return None
        name = self._name(secret)
        try:
            sealed = await (self._valkey.getex(name, ex=seconds) if seconds else self._valkey.get(name))
        except RedisError as away:
            raise unavailable("valkey") from away
        if not isinstance(sealed, bytes):
            return None
        try:
            opened = self._cipher(secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            return None
        found: dict[str, Any] = json.loads(opened)
        return found

    async def delete(self, secret: str) -> None:
        """Raises DEPENDENCY_UNAVAILABLE."""
        try:
            await self._valkey.delete(self._name(secret))
        except RedisError as away:
            raise unavailable("valkey") from away

    async def take(self, secret: str, seconds: int) -> bool:
        """Whether nobody else has taken it; `give` gives it back, or its end."""
        try:
            return bool(await self._valkey.set(f"{self._name(secret)}:taken", b"1", ex=seconds, nx=True))
        except RedisError as away:
            raise unavailable("valkey") from away

    async def give(self, secret: str) -> None:
        """After `take`."""
        try:
            await self._valkey.delete(f"{self._name(secret)}:taken")
        except RedisError as away:
            raise unavailable("valkey") from away

    def _name(self, secret: str) -> str:
        return f"bloom:web:{self._kind}:{hashlib.sha256(f'{self._kind}:{secret}'.encode()).hexdigest()}"

    def _cipher(self, secret: str) -> AESGCM:
        return AESGCM(_derived(secret, f"bloom/web/{self._kind}/v1".encode()))


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(secret.encode())


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
