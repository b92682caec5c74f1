"""Codes of authenticator apps (RFC 6238), as every app takes them: SHA-1, six digits, thirty seconds."""

import base64
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

_ISSUER = "Bloom"
_STEP_SECONDS = 30
_DIGITS = 6
# RFC 4226 asks for 128 bits and recommends 160.
_SECRET_BYTES = 20
# Clocks of telephones are this many steps off.
_DRIFT = 1


def new_secret() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(_SECRET_BYTES)


def in_letters(secret: bytes) -> str:
    """As people type it."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, email: str) -> str:
    """What an app reads from a QR code."""
    label = quote(f"{_ISSUER}:{email}")
    asked = {
        "secret": in_letters(secret), "issuer": _ISSUER, "algorithm": "SHA1", "digits": _DIGITS,
        "period": _STEP_SECONDS,
    }  # fmt: skip
    return f"otpauth://totp/{label}?{urlencode(asked)}"


def code(secret: bytes, step: int) -> str:
    """The code of one step (RFC 4226, 5.3)."""
    digest = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    start = digest[-1] & 0xF
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFF_FFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def step_at(moment: float) -> int:
    """The step of a time in seconds since 1970."""
    return int(moment) // _STEP_SECONDS


def matching(secret: bytes, text: str, moment: float) -> tuple[int, ...]:
    """The steps about `moment` whose code this is; as a rule one or none. Every one is compared."""
    now = step_at(moment)
    steps = range(now - _DRIFT, now + _DRIFT + 1)
    return tuple(step for step in steps if hmac.compare_digest(code(secret, step).encode(), text.encode()))
