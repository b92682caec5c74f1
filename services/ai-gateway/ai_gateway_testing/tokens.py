"""Tokens as auth signs them."""

import time
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from service_runtime.identity import ACCESS_TYPE, AUDIENCE, ISSUER, WORKLOAD_TYPE


class Signer:
    """A signing key, and the source of its public half."""

    def __init__(self) -> None:
        self._key = ECKey.generate_key("P-256", parameters={"kid": uuid4().hex, "alg": "ES256"})

    async def fetch(self) -> KeySet:
        """As auth publishes it."""
        return KeySet.import_key_set({"keys": [self._key.as_dict(private=False)]})

    def subject(self, org: UUID, *permissions: str) -> str:
        """An access token of a user of this organization."""
        return self._sign(ACCESS_TYPE, sub=f"users/{uuid4()}", org=str(org), perms=list(permissions))

    def workload(self, name: str) -> str:
        """The token of a service of the mesh."""
        return self._sign(WORKLOAD_TYPE, sub=f"workloads/{name}")

    def _sign(self, kind: str, **claims: object) -> str:
        header = {"alg": "ES256", "kid": self._key.kid, "typ": kind}
        body = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600, **claims}
        return jwt.encode(header, body, self._key, algorithms=["ES256"])
