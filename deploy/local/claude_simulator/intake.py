"""What every request to the API must bring: a key, a version, a body in JSON."""

import hashlib
import json

from aiohttp import web

from claude_simulator.problems import RefusalError, invalid

MAX_BODY = 32 * 1024 * 1024  # bytes; of a batch it may be more


def account(request: web.Request) -> str:
    """A name for whoever holds the key, which does not reveal it; 401 without a key."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    key = bearer or request.headers.get("x-api-key", "").strip()
    if not key:
        raise RefusalError(401, "x-api-key or authorization header is required")
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def version(request: web.Request) -> str:
    """The API version the request is written for; 400 without one."""
    named = request.headers.get("anthropic-version")
    if not named:
        raise invalid("anthropic-version: header is required")
    return named


async def body(request: web.Request) -> bytes:
    """The body's bytes; 413 when there are too many of them."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RefusalError(413, "Request exceeds the maximum allowed number of bytes.") from None


async def json_object(request: web.Request) -> dict[str, object]:
    """The body; 413 when it is too large, 400 unless it is a JSON object."""
    try:
        value = json.loads(await body(request))
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object.")
    return value
