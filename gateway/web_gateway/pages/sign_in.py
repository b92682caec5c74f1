"""Signing in by password, by passkey, with a second factor; signing out."""

from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import auth_service_pb2
from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.auth import Browser, Calls
from web_gateway.entering import ask, enter, pending, proof_of
from web_gateway.web import SIGN_IN, Web, go, refusal, visitor_page


async def form(web: Web, request: Request) -> Response:
    """E-mail and password; a passkey; or the organization's provider."""
    asked = request.query_params
    return visitor_page(request, "sign_in.html", email=asked.get("email", ""), next=asked.get("next", ""))


async def by_password(web: Web, request: Request) -> Response:
    """To the session, to the second factor, or to the provider that the organization wants."""
    given = await web.form(request, cookies.VISIT)
    email, path = given.get("email", ""), given.get("next", "")
    login = auth_service_pb2.LoginRequest(email=email, password=given.get("password", ""))
    try:
        answer = await Calls(Browser.of(request))(web.auth.auth.Login, login)
    except DomainError as refused:
        if refused.reason_name == "SSO_REQUIRED":
            return go("/account/sso", email=email, next=path)
        return visitor_page(request, "sign_in.html", email=email, next=path, **refusal(refused))
    if answer.HasField("challenge"):
        return await ask(web, request, answer.challenge, path)
    return await enter(web, request, answer.tokens, path)


async def start_passkey(web: Web, request: Request) -> Response:
    """A challenge for whoever holds a passkey of ours."""
    given = await web.form(request, cookies.VISIT)
    started = await Calls(Browser.of(request))(
        web.auth.auth.StartPasskeyLogin, auth_service_pb2.StartPasskeyLoginRequest()
    )
    return await ask(web, request, started.challenge, given.get("next", ""))


async def second_factor(web: Web, request: Request) -> Response:
    """Asks for what the challenge takes."""
    open_one = await pending(web, request)
    if open_one is None:
        return go(SIGN_IN)
    return visitor_page(request, "second_factor.html", options=open_one.options, has_code=open_one.has_code)


async def complete(web: Web, request: Request) -> Response:
    """A wrong code may be tried again; a challenge that is over begins anew."""
    given = await web.form(request, cookies.VISIT)
    open_one = await pending(web, request)
    if open_one is None:
        return go(SIGN_IN)
    answer = auth_service_pb2.CompleteLoginRequest(challenge_token=open_one.token, **proof_of(given))
    try:
        done = await Calls(Browser.of(request))(web.auth.auth.CompleteLogin, answer)
    except DomainError as refused:
        if refused.reason_name == "CHALLENGE_INVALID" or given.get("passkey"):
            await web.visits.delete(cookies.secret_of(request, cookies.VISIT))
            return visitor_page(request, "sign_in.html", email="", next=open_one.next, **refusal(refused))
        return visitor_page(
            request,
            "second_factor.html",
            options=open_one.options,
            has_code=open_one.has_code,
            **refusal(refused),
        )
    return await enter(web, request, done.tokens, open_one.next)


async def sign_out(web: Web, request: Request) -> Response:
    """The session ends here and at auth."""
    await web.form(request, cookies.SESSION)
    await web.sessions.end(cookies.secret_of(request, cookies.SESSION))
    answer = go(SIGN_IN)
    cookies.take_away(answer, cookies.SESSION)
    answer.headers["clear-site-data"] = '"cache", "cookies", "storage"'
    return answer
