"""Signed heads: a service's word for where the chain of an organization stood at a time.

A compact JWS (RFC 7515) over `{"hash": …, "org": …, "seq": …, "time": …}` by the key that also signs
tokens. That of another service than auth names it: `"chain": "contracts"`. Its type is its own, and it has
no subject, audience or end, so it never passes as a token. The public key stands beside it: a head verifies
years after its key was retired. That the key was the service's, only a copy of the published keys that was
kept elsewhere shows.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey

from service_runtime.audit import canonical

TYPE = "audit-head+jws"
_ALGORITHMS = {"EC": "ES256", "OKP": "Ed25519"}
# Those of RFC 7638, from which a key's id is made.
_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed; `hash` in hex. `chain` is the service that wrote it, empty for auth's own."""

    org_id: UUID
    seq: int
    hash: str
    at: datetime
    chain: str = ""

    def text(self) -> bytes:
        """The bytes that are signed."""
        told = {"org": str(self.org_id), "seq": self.seq, "hash": self.hash, "time": self.at.isoformat()}
        return canonical(told | ({"chain": self.chain} if self.chain else {}))


@dataclass(frozen=True, slots=True)
class Seal:
    """A signature with the public key (a JSON Web Key, bare) that it verifies with."""

    signature: str
    key: Mapping[str, str]


class BrokenSealError(Exception):
    """The signature is not what a service wrote."""


def sign(statement: Statement, kid: str, key: ECKey | OKPKey) -> Seal:
    """`kid` is the key's RFC 7638 thumbprint."""
    public = key.as_dict(private=False)
    kind = str(public["kty"])
    algorithm = _ALGORITHMS[kind]
    header = {"alg": algorithm, "typ": TYPE, "kid": kid}
    signature = jws.serialize_compact(header, statement.text(), key, algorithms=[algorithm])
    return Seal(signature, {member: str(public[member]) for member in _MEMBERS[kind]})


def read(seal: Seal) -> tuple[Statement, str]:
    """What was signed, and the id of the key. Raises BrokenSealError."""
    try:
        kid = key_id(seal.key)
        kind = seal.key["kty"]
        key = JWKRegistry.import_key(dict(seal.key))
        found = jws.deserialize_compact(seal.signature, key, [_ALGORITHMS[kind]])
        header = found.headers()
        statement = _statement(found.payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BrokenSealError("its signature does not fit") from None
    if header.get("typ") != TYPE or header.get("kid") != kid or set(seal.key) != set(_MEMBERS[kind]):
        raise BrokenSealError("its signature was not made for the head of a chain, or with another key")
    if statement.text() != found.payload:
        raise BrokenSealError("its signature is written otherwise than a service writes it")
    return statement, kid


def key_id(key: Mapping[str, object]) -> str:
    """The thumbprint of a public key: worked out from its parts, never taken from what it says of itself."""
    parts = {member: key[member] for member in _MEMBERS[str(key["kty"])]}
    return _text(hashlib.sha256(canonical(parts)).digest())


def _statement(payload: bytes) -> Statement:
    told = json.loads(payload)
    at = datetime.fromisoformat(told["time"])
    return Statement(UUID(told["org"]), int(told["seq"]), str(told["hash"]), at, str(told.get("chain", "")))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
