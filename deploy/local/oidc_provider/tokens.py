"""ID tokens, as they should be and as faults have them."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from joserfc import jwt

from oidc_provider.provider import Fault, Grant, Provider, new_key

_LIFETIME = 300
_AN_HOUR = 3600


def id_token(provider: Provider, issuer: str, grant: Grant, access_token: str) -> str:
    """Signed with the newest key, unless a fault says otherwise."""
    claims = _broken(provider.faults, _claims(issuer, grant, access_token))
    key = provider.keys[-1]
    header = {"alg": str(key.alg), "kid": str(key.kid), "typ": "JWT"}
    if Fault.ALG_NONE in provider.faults:
        return f"{_part(header | {'alg': 'none'})}.{_part(claims)}."
    if Fault.ALG_HS256 in provider.faults:
        signed = f"{_part(header | {'alg': 'HS256'})}.{_part(claims)}"
        secret = key.as_pem(private=False)
        return f"{signed}.{_text(hmac.digest(secret, signed.encode(), 'sha256'))}"
    if Fault.FOREIGN_KEY in provider.faults:
        key = new_key()
    return str(jwt.encode(header, claims, key, algorithms=[header["alg"]]))


def at_hash(access_token: str) -> str:
    """OpenID Connect Core 3.1.3.6, for algorithms of 256 bits."""
    return _text(hashlib.sha256(access_token.encode()).digest()[:16])


def challenge_of(verifier: str) -> str:
    """RFC 7636: S256."""
    return _text(hashlib.sha256(verifier.encode()).digest())


def _claims(issuer: str, grant: Grant, access_token: str) -> dict[str, Any]:
    now, person = int(time.time()), grant.person
    return {
        "iss": issuer,
        "sub": person.subject,
        "aud": grant.client_id,
        "iat": now,
        "exp": now + _LIFETIME,
        "auth_time": now,
        "nonce": grant.nonce,
        "at_hash": at_hash(access_token),
        "email": person.email,
        "email_verified": person.email_verified,
        "name": person.name,
        "amr": list(person.methods),
    }


def _broken(faults: set[Fault], claims: dict[str, Any]) -> dict[str, Any]:
    now, client = int(time.time()), claims["aud"]
    wrong: dict[Fault, dict[str, Any]] = {
        Fault.WRONG_NONCE: {"nonce": "another"},
        Fault.NO_NONCE: {"nonce": None},
        Fault.WRONG_AUDIENCE: {"aud": "another-client"},
        Fault.MORE_AUDIENCES: {"aud": [client, "another-client"]},
        Fault.OTHER_PARTY: {"azp": "another-client"},
        Fault.OTHER_ISSUER: {"iss": "https://another.example"},
        Fault.EXPIRED: {"iat": now - _AN_HOUR, "exp": now - _AN_HOUR + _LIFETIME},
        Fault.FROM_THE_FUTURE: {"iat": now + _AN_HOUR, "exp": now + 2 * _AN_HOUR},
        Fault.WRONG_ACCESS_TOKEN_HASH: {"at_hash": at_hash("another")},
    }
    for fault, changed in wrong.items():
        if fault in faults:
            claims = claims | changed
    return {name: value for name, value in claims.items() if value is not None}


def _part(content: dict[str, Any]) -> str:
    return _text(json.dumps(content).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
