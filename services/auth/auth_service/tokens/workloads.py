"""The services of the mesh that may ask for tokens, by their shared secrets."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from pydantic import SecretStr


class Workloads:
    """Known by client id; keeps digests, so that no secret can be printed."""

    def __init__(self, shared: Mapping[str, SecretStr]) -> None:
        self._digests = {client: _digest(secret.get_secret_value()) for client, secret in shared.items()}
        self._nobody = secrets.token_bytes(32)

    def __contains__(self, client_id: object) -> bool:
        return client_id in self._digests

    def accepts(self, client_id: str, secret: str) -> bool:
        """Compares in constant time, an unknown client too."""
        expected = self._digests.get(client_id, self._nobody)
        return hmac.compare_digest(expected, _digest(secret))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
