"""What a request carries: its bearer, its JSON within limits, the version it speaks of."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.requests import Request

from scim_gateway.errors import RefusedError
from service_runtime import deadlines

_MEDIA_TYPES = ("application/scim+json", "application/json")
_BEARER = "bearer "
_LONGEST_BEARER = 8192
_LONGEST_BODY_SECONDS = 60.0


def bearer(request: Request) -> str:
    """Raises RefusedError without one."""
    header = request.headers.get("authorization", "")
    token = header[len(_BEARER) :].strip()
    if not header.lower().startswith(_BEARER) or not token or len(token) > _LONGEST_BEARER:
        raise RefusedError(401, "Send an API key or an access token: Authorization: Bearer <token>.")
    return token


async def payload(request: Request, limit: int) -> dict[str, Any]:
    """The body's JSON object. Raises RefusedError for other media, too much, and what is no object."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA_TYPES:
        raise RefusedError(415, "Send application/scim+json.")
    body = await _body(request, limit)
    try:
        found = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as broken:
        raise RefusedError(400, "The body is not JSON.", "invalidSyntax") from broken
    if not isinstance(found, dict):
        raise RefusedError(400, "The body is not a JSON object.", "invalidSyntax")
    return found


async def _body(request: Request, limit: int) -> bytes:
    """Within the request's time: a body may come by the byte."""
    body = bytearray()
    async with asyncio.timeout(deadlines.remaining(_LONGEST_BODY_SECONDS)):
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise RefusedError(413, f"The body is larger than {limit} bytes.")
    return bytes(body)


def resource_id(request: Request, kind: str) -> str:
    """The name of the resource in the path. Raises RefusedError for an id that nothing has."""
    text = str(request.path_params["id"])
    try:
        return f"{kind}/{UUID(text)}"
    except ValueError as broken:
        raise RefusedError(404, "There is nothing here.") from broken


def wanted_etag(headers: Mapping[str, str]) -> str:
    """The etag, as auth writes it, that If-Match asks for; empty for any."""
    given = headers.get("if-match", "").strip()
    return "" if given in ("", "*") else given.removeprefix("W/")


def version(etag: str) -> str:
    """As `meta.version` tells it: weak, for the same state may be written in different words."""
    return f"W/{etag}"


def _refuse_constant(text: str) -> Any:
    raise ValueError(text)
