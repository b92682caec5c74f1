"""Page tokens: opaque to the caller, good only for the arguments that they were given for."""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import grpc

from service_runtime.errors import DomainError, Reason

# Seven bytes name the arguments well enough: a token is no secret, and a wrong one only shows another page.
_NAME_BYTES = 7
# A PostgreSQL integer holds any number of so many digits.
_ORDINAL_DIGITS = 9


def encode(cursor: list[str], *arguments: str) -> str:
    """The token for the page after `cursor`, for a list with these arguments (filter, order, parent)."""
    body = json.dumps([_name(arguments), *cursor], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def decode(token: str, *arguments: str, parts: int) -> list[str] | None:
    """The cursor of `parts` strings; None for the first page. Raises PAGE_TOKEN_INVALID."""
    if not token:
        return None
    try:
        body = json.loads(base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        body = None
    right = isinstance(body, list) and len(body) == parts + 1 and all(isinstance(part, str) for part in body)
    if not right or body[0] != _name(arguments):
        raise invalid_token()
    return [str(part) for part in body[1:]]


def invalid_token() -> DomainError:
    """Also for a token that decodes to what is no cursor of the list."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_PAGE_TOKEN_INVALID,
        "page_token is not one that this list gave for these arguments. Start again without it.",
    )


def ordinal(token: str, *arguments: str) -> int:
    """The number after which the page begins, for a list ordered by a number; 0 for the first page."""
    parts = decode(token, *arguments, parts=1)
    if parts is None:
        return 0
    if not parts[0].isdecimal() or len(parts[0]) > _ORDINAL_DIGITS:
        raise invalid_token()
    return int(parts[0])


def moment_and_id(parts: list[str]) -> tuple[datetime, UUID]:
    """The cursor of a list that is ordered by time and id. Raises PAGE_TOKEN_INVALID."""
    try:
        return datetime.fromisoformat(parts[0]).astimezone(UTC), UUID(parts[1])
    except (ValueError, OverflowError) as broken:
        raise invalid_token() from broken


def identifier(part: str) -> UUID:
    """An id in a cursor. Raises PAGE_TOKEN_INVALID."""
    try:
        return UUID(part)
    except ValueError as broken:
        raise invalid_token() from broken


def _name(arguments: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join(arguments).encode()).digest()
    return base64.urlsafe_b64encode(digest[:_NAME_BYTES]).decode()
