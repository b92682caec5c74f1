"""The web application: its routes, and what holds for each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import redis.asyncio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from http_process.inheritance import WithinTime
from service_runtime.clients import connect
from service_runtime.errors import DomainError
from web_gateway import handover
from web_gateway.auth import SERVICES, Auth
from web_gateway.pages import home, links, security, sign_in, sso
from web_gateway.sealing import Sealed
from web_gateway.sessions import Sessions
from web_gateway.settings import WebSettings
from web_gateway.web import Handler, Web, answered, failure

_VALKEY_SECONDS = 2.0
_READ, _SEND = "GET", "POST"
_PAGES: tuple[tuple[str, str, Handler], ...] = (
    (_READ, "/", home.home),
    (_READ, "/session", home.session),
    (_SEND, "/organization", home.switch),
    (_SEND, "/sessions/end", home.end_session),
    (_SEND, "/verification", home.send_verification),
    (_READ, "/password", home.password_form),
    (_SEND, "/password", home.change_password),
    (_READ, "/sign-in", sign_in.form),
    (_SEND, "/sign-in", sign_in.by_password),
    (_SEND, "/sign-in/passkey", sign_in.start_passkey),
    (_READ, "/second-factor", sign_in.second_factor),
    (_SEND, "/second-factor", sign_in.complete),
    (_SEND, "/sign-out", sign_in.sign_out),
    (_READ, "/sso", sso.form),
    (_SEND, "/sso", sso.start),
    (_READ, "/sso/callback", sso.callback),
    (_READ, "/forgot", links.forgot),
    (_SEND, "/forgot", links.send_reset),
    (_READ, "/reset", links.reset_form),
    (_SEND, "/reset", links.reset),
    (_READ, "/verify", links.verify_form),
    (_SEND, "/verify", links.verify),
    (_READ, "/invitation", links.invitation),
    (_SEND, "/invitation", links.accept),
    (_READ, "/security", security.overview),
    (_SEND, "/security/app", security.start_totp),
    (_SEND, "/security/app/confirm", security.confirm_totp),
    (_SEND, "/security/passkey", security.start_passkey),
    (_SEND, "/security/passkey/finish", security.finish_passkey),
    (_SEND, "/security/delete", security.delete),
    (_SEND, "/security/codes", security.new_codes),
    (_READ, "/step-up", security.step_up_form),
    (_SEND, "/step-up", security.step_up),
)


@asynccontextmanager
async def application(settings: WebSettings) -> AsyncIterator[ASGIApp]:
    """Connected to auth and to Valkey until the block ends."""
    valkey = redis.asyncio.Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_timeout=_VALKEY_SECONDS,
        socket_connect_timeout=_VALKEY_SECONDS,
    )
    async with (
        connect(settings.auth_address, *SERVICES, max_seconds=settings.web_request_seconds) as channel,
        valkey,
    ):
        auth = Auth(channel)
        sessions = Sessions(
            Sealed(valkey, "session"),
            auth,
            idle=settings.web_idle_seconds,
            lifetime=settings.web_session_seconds,
        )
        web = Web(auth, sessions, Sealed(valkey, "visit"), settings.public_url)
        yield WithinTime(_routed(web), settings.web_request_seconds)


def _routed(web: Web) -> ASGIApp:
    async def hand_over(request: Request) -> Response:
        try:
            return await handover.hand_over(web, request)
        except DomainError:
            return Response(status_code=503)

    async def healthy(_request: Request) -> Response:
        return PlainTextResponse("SERVING")

    # One route for each path: Starlette would answer a method that comes second with 405.
    paths: dict[str, dict[str, Handler]] = {}
    for method, path, handler in _PAGES:
        paths.setdefault(path, {})[method] = handler
    routes = [_page(web, path, handlers) for path, handlers in paths.items()]
    static = StaticFiles(directory=Path(__file__).parent / "static")
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return Starlette(
        routes=[
            Mount("/account", routes=[*routes, Mount("/static", static)]),
            Route("/healthz", healthy),
            Route(f"{handover.PREFIX}/{{path:path}}", hand_over, methods=methods),
        ],
        exception_handlers={404: _nothing_here, 405: _nothing_here, 500: _broken},
    )


def _page(web: Web, path: str, handlers: dict[str, Handler]) -> Route:
    async def answer(request: Request) -> Response:
        handler = handlers["GET" if request.method == "HEAD" else request.method]
        return await answered(web, request, handler)

    return Route(path, answer, methods=list(handlers))


async def _nothing_here(_request: Request, _missing: Exception) -> Response:
    return failure(404, "There is no such page.", "Perhaps the link is not whole. Begin at your account.")


async def _broken(_request: Request, _fault: Exception) -> Response:
    return failure(500, "A fault of ours.", "Try again. If it goes on, tell your administrator when it was.")
