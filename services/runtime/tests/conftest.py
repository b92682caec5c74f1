"""Tokens as auth signs them, and a server of the request path around a real service."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from service_runtime.identity import ACCESS_TYPE, AUDIENCE, ISSUER, WORKLOAD_TYPE, TokenVerifier


class Signer:
    """A signing key with its public set, and how often the set was asked for."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", parameters={"kid": uuid4().hex, "alg": "ES256"})
        self.fetches = 0

    async def fetch(self) -> KeySet:
        self.fetches += 1
        return KeySet.import_key_set({"keys": [self.key.as_dict(private=False)]})

    def sign(self, kind: str = ACCESS_TYPE, key: Any = None, algorithm: str = "ES256", **claims: Any) -> str:  # noqa: ANN401
        signing = key or self.key
        header = {"alg": algorithm, "kid": self.key.kid, "typ": kind}
        body = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, **claims}
        return jwt.encode(header, body, signing, algorithms=[algorithm])

    def subject(self, org: UUID | None = None, permissions: tuple[str, ...] = (), **claims: Any) -> str:  # noqa: ANN401
        given = {"sub": f"users/{uuid4()}", "org": str(org or uuid4()), "perms": list(permissions)}
        return self.sign(**{**given, **claims})

    def workload(self, name: str = "contracts", **claims: Any) -> str:  # noqa: ANN401
        return self.sign(WORKLOAD_TYPE, sub=f"workloads/{name}", **claims)


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def verifier(signer: Signer) -> TokenVerifier:
    return TokenVerifier(signer, refetch_seconds=0)


@pytest.fixture
def set_environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    def apply(values: dict[str, str]) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return apply
