"""Private keys at rest: AES-256-GCM under a key that HKDF derives from JWT_SECRET."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
SIGNING_KEYS = b"bloom/auth/signing-key/v1"
SECOND_FACTORS = b"bloom/auth/second-factor/v1"
MAIL = b"bloom/auth/mail/v1"
SSO = b"bloom/auth/sso/v1"
_DIGEST_PURPOSE = b"bloom/auth/content-digest/v1"


class WrongSecretError(Exception):
    """JWT_SECRET is not the one that wrapped the keys; the service must not start."""

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"JWT_SECRET does not open signing key {kid}, which is in the database. Start with the secret "
            "that made it. If that secret is lost, delete the rows of signing_keys: every access token ends "
            "at once, and a new key is made."
        )


class KeyWrap:
    """Each key has its own salt and nonce; its id is bound to it, so that rows cannot be swapped."""

    def __init__(self, secret: SecretStr, purpose: bytes = SIGNING_KEYS) -> None:
        """What is wrapped for one purpose opens for no other."""
        self._secret = secret.get_secret_value().encode()
        self._purpose = purpose

    def wrap(self, private: bytes, kid: str) -> bytes:
        """salt ‖ nonce ‖ ciphertext and tag."""
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        return salt + nonce + AESGCM(self._derived(self._purpose, salt)).encrypt(nonce, private, kid.encode())

    def unwrap(self, wrapped: bytes, kid: str) -> bytes:
        """Raises WrongSecretError for another secret and for a row that was tampered with."""
        salt, rest = wrapped[:_SALT_BYTES], wrapped[_SALT_BYTES:]
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return AESGCM(self._derived(self._purpose, salt)).decrypt(nonce, sealed, kid.encode())
        except (InvalidTag, ValueError) as wrong:
            raise WrongSecretError(kid) from wrong

    def digest(self, text: str) -> str:
        """Stands for a secret where only sameness counts; without JWT_SECRET it cannot be guessed at."""
        return hmac.digest(self._derived(_DIGEST_PURPOSE, b""), text.encode(), "sha256").hex()

    def _derived(self, purpose: bytes, salt: bytes) -> bytes:
        return HKDF(SHA256(), _KEY_BYTES, salt, purpose).derive(self._secret)
