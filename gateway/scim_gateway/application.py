"""The web application: its routes, and what holds for each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import ValidationError
from scim2_models import SCIMException
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from http_process.inheritance import WithinTime
from scim_gateway.directory import Directory, directory
from scim_gateway.discovery import Discovery
from scim_gateway.endpoints import Endpoints
from scim_gateway.errors import RefusedError, handle
from scim_gateway.groups import Groups
from scim_gateway.settings import ScimSettings
from scim_gateway.users import Users
from service_runtime.errors import DomainError

_ERRORS = (DomainError, ValidationError, SCIMException, RefusedError, HTTPException, TimeoutError, Exception)


@asynccontextmanager
async def application(settings: ScimSettings) -> AsyncIterator[ASGIApp]:
    """Connected to auth until the block ends."""
    async with directory(settings.auth_address, settings.scim_request_seconds) as auth:
        yield WithinTime(_routed(auth, settings), settings.scim_request_seconds)


def _routed(auth: Directory, settings: ScimSettings) -> ASGIApp:
    discovery = Discovery(settings.base_url)
    limit = settings.max_scim_body_bytes
    users = Endpoints(Users(auth, settings.base_url), limit)
    groups = Endpoints(Groups(auth, settings.base_url), limit)
    routes = [
        Route("/ServiceProviderConfig", discovery.config),
        Route("/Schemas", discovery.schemas),
        Route("/Schemas/{id}", discovery.schema),
        Route("/ResourceTypes", discovery.types),
        Route("/ResourceTypes/{id}", discovery.type),
        *_of("/Users", users),
        *_of("/Groups", groups),
        *(Route(path, _not_offered, methods=["GET", "POST"]) for path in ("/Bulk", "/Me", "/.search", "/")),
    ]
    handlers = dict.fromkeys(_ERRORS, handle)
    return Starlette(
        routes=[Mount("/scim/v2", routes=routes), Route("/healthz", _healthy)], exception_handlers=handlers
    )


def _of(path: str, endpoints: Endpoints) -> list[Route]:
    return [
        Route(path, endpoints.query, methods=["GET"]),
        Route(path, endpoints.create, methods=["POST"]),
        Route(f"{path}/.search", endpoints.search, methods=["POST"]),
        Route(f"{path}/{{id}}", endpoints.read, methods=["GET"]),
        Route(f"{path}/{{id}}", endpoints.replace, methods=["PUT"]),
        Route(f"{path}/{{id}}", endpoints.patch, methods=["PATCH"]),
        Route(f"{path}/{{id}}", endpoints.delete, methods=["DELETE"]),
    ]


async def _not_offered(request: Request) -> Response:
    raise RefusedError(501, "This is not offered here.")


async def _healthy(request: Request) -> Response:
    return PlainTextResponse("SERVING")
