"""Whether an ID token is true, and meant for this sign-in (OpenID Connect Core 3.1.3.7)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key

from auth_service.sso.model import NotLetInError, Person
from auth_service.tokens.authentication import together

# Signatures with a public key only: `none` is no signature, and HS* would make a secret of what is published.
ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
_CLOCKS_APART = 60.0
_OLDEST = 600.0
_LONGEST_SUBJECT = 255
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say; `now` in seconds since 1970."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str = field(repr=False)
    now: float


def base64url(content: bytes) -> str:
    """Without padding, as tokens have it."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def key_id(text: str) -> str | None:
    """Which key it says has signed it. Raises NotLetInError."""
    try:
        header = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError) as broken:
        raise NotLetInError("ID_TOKEN_MALFORMED") from broken
    if header.get("alg") not in ALGORITHMS:
        raise NotLetInError("ALGORITHM_REFUSED")
    kid = header.get("kid")
    return str(kid) if kid is not None else None


def person_of(text: str, key: Key, expected: Expected) -> Person:
    """Raises NotLetInError."""
    try:
        token = jwt.decode(text, key, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError) as broken:
        raise NotLetInError("SIGNATURE_WRONG") from broken
    claims = token.claims
    _require_meant(claims, expected)
    _require_timely(claims, expected.now)
    _require_of_access_token(claims, expected.access_token, token.header["alg"])
    return _person(claims, expected)


def _require_meant(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise NotLetInError("ISSUER_OTHER")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if expected.client_id not in audiences or party not in (None, expected.client_id):
        raise NotLetInError("AUDIENCE_OTHER")
    if len(audiences) > 1 and party is None:
        raise NotLetInError("AUDIENCE_OTHER")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise NotLetInError("NONCE_OTHER")


def _require_timely(claims: Mapping[str, Any], now: float) -> None:
    ends, began = _moment(claims, "exp"), _moment(claims, "iat")
    if ends is None or began is None or ends <= now - _CLOCKS_APART:
        raise NotLetInError("EXPIRED")
    if not now - _OLDEST <= began <= now + _CLOCKS_APART:
        raise NotLetInError("EXPIRED")


def _require_of_access_token(claims: Mapping[str, Any], access_token: str, algorithm: str) -> None:
    """Half of a digest, by the hash that the signature is made with."""
    given = claims.get("at_hash")
    if given is None:
        return
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(access_token.encode()).digest()
    wanted = base64url(digest[: len(digest) // 2])
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotLetInError("ACCESS_TOKEN_OTHER")


def _person(claims: Mapping[str, Any], expected: Expected) -> Person:
    subject, email, name = claims.get("sub"), claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or "\0" in subject:
        raise NotLetInError("SUBJECT_MISSING")
    # Some providers say "true", in letters; whether they mean it nobody knows.
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        raise NotLetInError("EMAIL_UNVERIFIED")
    told = claims.get("amr")
    methods = together(method for method in told if isinstance(method, str)) if isinstance(told, list) else ()
    shown = min(_moment(claims, "auth_time") or expected.now, expected.now)
    return Person(
        expected.issuer,
        subject,
        email.strip().lower(),
        _printable(name) if isinstance(name, str) else "",
        methods,
        datetime.fromtimestamp(max(shown, 0.0), UTC),
    )


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _printable(name: str) -> str:
    return "".join(character for character in name if character >= " ")[:_LONGEST_NAME]
