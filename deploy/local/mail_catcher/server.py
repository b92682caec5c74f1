"""The catcher as an HTTP server of this machine alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from mail_catcher import letters, pages

FOLDER = web.AppKey("folder", Path)
_HOST = "127.0.0.1"
# By these names only: a page elsewhere could point a name of its own here, and read links that open accounts.
_NAMES = {_HOST, "localhost"}
_STRICT = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_FRAMED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'self'"
)
_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_SHUTDOWN_GRACE = 0.5  # seconds
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
routes = web.RouteTableDef()


@asynccontextmanager
async def serving(folder: Path, port: int = 0) -> AsyncIterator[str]:
    """Serve while the context lasts; yields the URL. Port 0 chooses a free one."""
    app = web.Application(middlewares=[_guarded])
    app[FOLDER] = folder
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_GRACE)
    await runner.setup()
    try:
        await web.TCPSite(runner, _HOST, port).start()
        yield f"http://{_HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@web.middleware
async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.url.host not in _NAMES:
        raise web.HTTPMisdirectedRequest(text="This page answers to localhost only.")
    response = await handler(request)
    response.headers.setdefault("Content-Security-Policy", _STRICT)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@routes.get("/")
async def inbox(request: web.Request) -> web.StreamResponse:
    return _page(pages.inbox(letters.received(request.app[FOLDER])))


@routes.get("/mails.json")
async def listed(request: web.Request) -> web.StreamResponse:
    """`?to=`: of one person."""
    found = letters.received(request.app[FOLDER], request.query.get("to", ""))
    return web.json_response([asdict(letter) for letter in found])


@routes.get("/mails/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    return _page(pages.letter_page(_found(request)))


@routes.get("/mails/{id}/html")
async def one_framed(request: web.Request) -> web.StreamResponse:
    response = _page(pages.framed(_found(request)))
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


@routes.get("/style.css")
async def style(_request: web.Request) -> web.StreamResponse:
    return web.Response(text=_STYLE, content_type="text/css")


def _found(request: web.Request) -> letters.Letter:
    letter = letters.find(request.app[FOLDER], request.match_info["id"])
    if letter is None:
        raise web.HTTPNotFound(text="There is no such mail.")
    return letter


def _page(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html")
