"""Tokens that must not be taken: some forged without the key, some signed with it and wrong all the same."""

import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

import asyncpg
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

from auth_service.keys.wrapping import KeyWrap
from tests.support.mesh import RunningMesh


@dataclass(frozen=True)
class SigningKey:
    """The mesh's own key: with it a test shows which checks do not rest on the signature."""

    key: ECKey
    kid: str

    @classmethod
    def of(cls, mesh: RunningMesh) -> "SigningKey":
        row = mesh.run(_active_key(mesh.info.databases["auth"].owner))
        wrap = KeyWrap(SecretStr(secrets_of(mesh)["jwt"]))
        return cls(ECKey.import_key(json.loads(wrap.unwrap(row["wrapped"], row["kid"]))), row["kid"])

    def sign(self, changed: dict[str, object], *, of: str, kind: str = "at+jwt") -> str:
        """The token `of` with other claims; None takes one away."""
        claims = {**_decoded(of.split(".")[1]), **changed}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "typ": kind, "kid": self.kid}, kept, self.key)


def secrets_of(mesh: RunningMesh) -> dict[str, Any]:
    """Every password of the mesh."""
    return dict(json.loads((mesh.folder / "secrets.json").read_text()))


async def _active_key(dsn: str) -> asyncpg.Record:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchrow("SELECT kid, wrapped FROM signing_keys WHERE active")
    finally:
        await connection.close()


def forgeries(signing: SigningKey, token: str) -> dict[str, str]:
    """By what is wrong with it."""
    head, body, signature = token.split(".")
    header, claims = _decoded(head), _decoded(body)
    other = ECKey.generate_key("P-256")
    public = signing.key.as_dict(private=False)
    raised = _encoded({**claims, "perms": ["contracts.delete", "users.write"], "sub": "workloads/other"})
    later = int(time.time()) + 600
    return {
        **{
            f"alg={name}": f"{_encoded({**header, 'alg': name})}.{body}." for name in ("none", "None", "NONE")
        },
        "alg=none with the signature left": f"{_encoded({**header, 'alg': 'none'})}.{body}.{signature}",
        "HS256 with the public key as PEM": _hs256(header, body, signing.key.as_pem(private=False)),
        "HS256 with the public key as JWK": _hs256(header, body, json.dumps(public).encode()),
        "HS256 with nothing": _hs256(header, body, b""),
        "other claims under the signature": f"{head}.{raised}.{signature}",
        "no signature": f"{head}.{body}.",
        "a signature of zeros": f"{head}.{body}.{_b64(bytes(64))}",
        "a key of its own under our name": jwt.encode({**header, "alg": "ES256"}, claims, other),
        "a key that it brings along": jwt.encode(
            {**header, "alg": "ES256", "jwk": other.as_dict(private=False)}, claims, other
        ),
        "a key that nobody has": jwt.encode({**header, "kid": "nobody"}, claims, other),
        "expired": signing.sign({"exp": int(time.time()) - 3600}, of=token),
        "no end": signing.sign({"exp": None}, of=token),
        "another issuer": signing.sign({"iss": "somebody", "exp": later}, of=token),
        "another audience": signing.sign({"aud": "elsewhere", "exp": later}, of=token),
        "no organization": signing.sign({"org": None, "exp": later}, of=token),
        "no permissions": signing.sign({"perms": None, "exp": later}, of=token),
        "another kind": signing.sign({"exp": later}, of=token, kind="wl+jwt"),
        "no token": "not.a.token",
    }


def _hs256(header: dict[str, object], body: str, secret: bytes) -> str:
    head = _encoded({**header, "alg": "HS256"})
    return f"{head}.{body}.{_b64(hmac.digest(secret, f'{head}.{body}'.encode(), 'sha256'))}"


def _decoded(part: str) -> dict[str, object]:
    return dict(json.loads(urlsafe_b64decode(part + "==")))


def _encoded(value: dict[str, object]) -> str:
    return _b64(json.dumps(value).encode())


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
