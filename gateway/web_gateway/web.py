"""What every page needs: who asks, its form, the answer as a page, and where refusals lead."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import grpc
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.auth import Auth, Browser, Calls
from web_gateway.forgery import ForgedError, require_own_page, require_own_site
from web_gateway.sealing import Sealed, csrf_token
from web_gateway.sessions import Sessions

HOME = "/account/"
SIGN_IN = "/account/sign-in"
# How long a sign-in may take, from its first page on.
VISIT_SECONDS = 900
_LONGEST_FORM = 64 * 1024
_MOST_FIELDS = 20
# A path of this host: no scheme, no other host, nothing that a browser reads as one.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,500}")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "publickey-credentials-create=(self), publickey-credentials-get=(self)",
    # Links of mails carry tokens: nobody may learn more of them than where they lead. Without any referrer a
    # browser would not say either that our own forms are ours.
    "referrer-policy": "strict-origin",
    "x-content-type-options": "nosniff",
}
_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.INVALID_ARGUMENT: 422,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class BadFormError(Exception):
    """Larger than any form of ours, or no form."""


class SignedOutError(Exception):
    """The page is for who is signed in."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in at this browser."""

    secret: str = field(repr=False)
    calls: Calls


@dataclass(frozen=True, slots=True)
class Web:
    """The parts of the process. `origin` is that of its pages."""

    auth: Auth
    sessions: Sessions
    # What a browser is about before it is signed in: a challenge, a state.
    visits: Sealed
    origin: str

    async def signed_in(self, request: Request) -> SignedIn:
        """Raises SignedOutError."""
        secret = cookies.secret_of(request, cookies.SESSION)
        token = await self.sessions.token(secret)
        if token is None:
            raise SignedOutError
        return SignedIn(secret, Calls(Browser.of(request), token))

    async def form(self, request: Request, cookie: str) -> dict[str, str]:
        """The fields that a page of ours has sent, for this cookie. Raises BadFormError, ForgedError."""
        fields = _fields(await _body(request))
        secret = cookies.secret_of(request, cookie)
        require_own_page(request.headers, self.origin, secret, fields.pop("csrf", ""))
        return fields


async def _body(request: Request) -> bytes:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LONGEST_FORM:
            raise BadFormError
    return content


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as not_ours:
        raise BadFormError from not_ours


def page(template: str, **values: object) -> HTMLResponse:
    """A template of this package with its values, which it escapes; `status` is that of the answer."""
    shown = {"status": 200, "error": "", "notice": "", "who": "", "violations": {}, **values}
    text = _TEMPLATES.get_template(template).render(shown)
    return HTMLResponse(text, int(str(shown["status"])), headers=_HEADERS)


def visitor_page(request: Request, template: str, **values: object) -> HTMLResponse:
    """For who is not signed in: its form belongs to the visit."""
    visit = cookies.visit_of(request)
    answer = page(template, csrf=csrf_token(visit), **values)
    if visit != cookies.secret_of(request, cookies.VISIT):
        cookies.give(answer, cookies.VISIT, visit)
    return answer


def refusal(refused: DomainError) -> dict[str, object]:
    """What a page shows of it, and the status of its answer."""
    return {
        "status": _STATUS.get(refused.code, 500),
        "error": refused.message,
        "violations": refused.violations,
    }


def go(path: str, **query: str) -> RedirectResponse:
    """To a page of ours, to be read and not sent again."""
    asked = f"?{urlencode(query)}" if any(query.values()) else ""
    headers = {name: _HEADERS[name] for name in ("cache-control", "referrer-policy")}
    return RedirectResponse(path + asked, 303, headers=headers)


def own_path(path: str) -> str:
    """Where somebody wants to be after a sign-in, unless that is elsewhere: then home."""
    return path if _OWN_PATH.fullmatch(path) else HOME


Handler = Callable[[Web, Request], Awaitable[Response]]


async def answered(web: Web, request: Request, handler: Handler) -> Response:
    """The handler's answer; refusals that no page expects lead to a page of their own, or to the sign-in."""
    try:
        require_own_site_of_reads(request, web.origin)
        return await handler(web, request)
    except SignedOutError:
        return _to_sign_in(request)
    except BadFormError:
        return failure(400, "This is no form of ours.", "Go back, load the page again, and repeat.")
    except ForgedError:
        return failure(403, "This page was open for too long.", "Go back, load it again, and repeat.")
    except DomainError as refused:
        if refused.reason_name == "STEP_UP_REQUIRED":
            return go("/account/step-up", next=_here(request))
        if refused.code is grpc.StatusCode.UNAUTHENTICATED:
            await web.sessions.forget(cookies.secret_of(request, cookies.SESSION))
            return _to_sign_in(request)
        return failure(_STATUS.get(refused.code, 500), "That did not work.", refused.message)


def _to_sign_in(request: Request) -> Response:
    answer = go(SIGN_IN, next=_here(request))
    cookies.take_away(answer, cookies.SESSION)
    return answer


def require_own_site_of_reads(request: Request, origin: str) -> None:
    """A page may be opened from anywhere, by going there; what it needs, only by itself."""
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        require_own_site(request.headers, origin)


def failure(status: int, title: str, message: str) -> Response:
    """A page about what went wrong."""
    return page("failure.html", status=status, title=title, message=message)


def _here(request: Request) -> str:
    """The page that was asked for, or that the form was on; empty for home."""
    path = request.url.path
    if path.startswith("/account/security/"):
        return "/account/security"
    return path if (request.method == "GET" and path != HOME) or path == "/account/password" else ""
