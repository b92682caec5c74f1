"""Single sign-on: where one is sent, told before one goes, and the way back."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import sso_service_pb2
from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.auth import Browser, Calls
from web_gateway.entering import ask, enter, remember
from web_gateway.web import HOME, Web, own_path, refusal, visitor_page

_NO_PROVIDER = "This e-mail's organization has no single sign-on here. Sign in with your password."


async def form(web: Web, request: Request) -> Response:
    """Asks for the e-mail."""
    asked = request.query_params
    return visitor_page(request, "sso.html", email=asked.get("email", ""), next=asked.get("next", ""))


async def start(web: Web, request: Request) -> Response:
    """Says whom one will sign in with and what they are asked, and offers to go there."""
    given = await web.form(request, cookies.VISIT)
    email, path = given.get("email", ""), own_path(given.get("next", ""))
    asked = sso_service_pb2.StartSsoRequest(email=email, return_path=path if path != HOME else "")
    try:
        started = await Calls(Browser.of(request))(web.auth.sso.StartSso, asked)
    except DomainError as refused:
        return visitor_page(request, "sso.html", email=email, next=path, **refusal(refused))
    if not started.authorization_url:
        return visitor_page(request, "sso.html", email=email, next=path, error=_NO_PROVIDER, status=404)
    await remember(web, request, {"browser_token": started.browser_token})
    host = urlsplit(started.authorization_url).netloc
    return visitor_page(request, "sso_consent.html", email=email, host=host, url=started.authorization_url)


async def callback(web: Web, request: Request) -> Response:
    """What the provider sends back is good once, and in this browser alone."""
    asked, visit = request.query_params, cookies.secret_of(request, cookies.VISIT)
    kept = await web.visits.get(visit) or {}
    finish = sso_service_pb2.FinishSsoRequest(
        state=asked.get("state", "") or "-",
        code=asked.get("code", "") or "-",
        issuer=asked.get("iss", ""),
        browser_token=str(kept.get("browser_token", "")) or "-",
    )
    try:
        answer = await Calls(Browser.of(request))(web.auth.sso.FinishSso, finish)
    except DomainError as refused:
        return visitor_page(request, "sso.html", email="", next="", **refusal(refused))
    if answer.HasField("challenge"):
        return await ask(web, request, answer.challenge, answer.return_path)
    return await enter(web, request, answer.tokens, answer.return_path)
