"""Recovery codes: for who has lost the telephone. Each works once."""

import hashlib
import secrets
from uuid import UUID

HOW_MANY = 10
# Crockford's: no letter looks like a digit.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", "- ")
_LETTERS, _GROUP = 16, 4


def new_codes() -> list[str]:
    """Ten of 80 random bits each: `7K3M-…`."""
    return [_new_code() for _ in range(HOW_MANY)]


def digest(org_id: UUID, user_id: UUID, text: str) -> bytes:
    """What is stored of a code, however it is written: with its user, so that equal ones do not show."""
    plain = text.upper().translate(_MISREAD)
    return hashlib.sha256(org_id.bytes + user_id.bytes + plain.encode(errors="surrogatepass")).digest()


def _new_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))
