"""Tokens that auth would never give out, signed with its own key or with a stranger's."""

import asyncio
import base64
import json

import asyncpg
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import SecretStr

from auth_service.keys.wrapping import KeyWrap
from service_runtime.identity import ACCESS_TYPE
from tests.support.mesh import RunningMesh


def claims_of(token: str) -> dict[str, object]:
    """What a token says, unverified."""
    body = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + "=="))
    return claims


def signing_key(mesh: RunningMesh) -> ECKey:
    """The private key of the mesh's own auth, which only the secret in the state directory opens."""
    kid, wrapped = asyncio.run(_active_key(mesh.info.databases["auth"].owner))
    secret = json.loads((mesh.folder / "secrets.json").read_text())["jwt"]
    private = json.loads(KeyWrap(SecretStr(secret)).unwrap(wrapped, kid))
    return ECKey.import_key({**private, "kid": kid})


def signed(key: ECKey, kid: str, claims: dict[str, object]) -> str:
    """An access token of these claims."""
    header = {"alg": "ES256", "typ": ACCESS_TYPE, "kid": kid}
    return str(jwt.encode(header, claims, key, algorithms=["ES256"]))


async def _active_key(dsn: str) -> tuple[str, bytes]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow("SELECT kid, wrapped FROM signing_keys WHERE active")
    finally:
        await connection.close()
    return row["kid"], row["wrapped"]
