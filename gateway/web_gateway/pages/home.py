"""Who is signed in: the organization and others, the sessions, the password; as a page and as JSON."""

import grpc
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bloom.auth.v1 import (
    account_service_pb2,
    auth_service_pb2,
    membership_service_pb2,
    session_service_pb2,
)
from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.clients import name_of
from web_gateway.entering import ask, enter
from web_gateway.sealing import csrf_token
from web_gateway.web import HOME, SignedIn, SignedOutError, Web, go, page, refusal

_MOST_SESSIONS = 100
# What the form itself shows.
_ABOUT_PASSWORDS = {"CREDENTIALS_INVALID", "PASSWORD_WEAK", "INVALID_FIELD", "SIGN_IN_THROTTLED"}


async def home(web: Web, request: Request) -> Response:
    """The account at a glance."""
    return await _home(web, await web.signed_in(request))


async def _home(web: Web, signed_in: SignedIn, **shown: object) -> Response:
    calls = signed_in.calls
    me = await calls(web.auth.auth.GetMe, auth_service_pb2.GetMeRequest())
    memberships = await calls(
        web.auth.memberships.ListMemberships, membership_service_pb2.ListMembershipsRequest()
    )
    listed = await calls(
        web.auth.sessions.ListSessions, session_service_pb2.ListSessionsRequest(page_size=_MOST_SESSIONS)
    )
    return page(
        "home.html",
        csrf=csrf_token(signed_in.secret),
        who=me.email,
        me=me,
        others=[each for each in memberships.memberships if not each.current],
        sessions=listed.sessions,
        name_of=name_of,
        **shown,
    )


async def session(web: Web, request: Request) -> Response:
    """For a script of ours: who is signed in, and what it must send with what changes something."""
    try:
        signed_in = await web.signed_in(request)
        me = await signed_in.calls(web.auth.auth.GetMe, auth_service_pb2.GetMeRequest())
    except SignedOutError:
        return _nobody()
    except DomainError as refused:
        if refused.code is not grpc.StatusCode.UNAUTHENTICATED:
            raise
        await web.sessions.forget(cookies.secret_of(request, cookies.SESSION))
        return _nobody()
    told = {
        "signed_in": True,
        "subject": me.subject,
        "organization": me.organization.name,
        "email": me.email,
        "csrf": csrf_token(signed_in.secret),
    }
    return JSONResponse(told, headers={"cache-control": "no-store"})


def _nobody() -> Response:
    # The cookie stays: meanwhile a step-up may have given this browser another one.
    return JSONResponse({"signed_in": False}, headers={"cache-control": "no-store"})


async def switch(web: Web, request: Request) -> Response:
    """To another organization of the same person; the session here ends."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    asked = membership_service_pb2.SwitchOrganizationRequest(organization=given.get("organization", ""))
    try:
        answer = await signed_in.calls(web.auth.memberships.SwitchOrganization, asked)
    except DomainError as refused:
        if refused.reason_name == "SSO_REQUIRED":
            return go("/account/sso", next=HOME)
        raise
    if answer.HasField("challenge"):
        return await ask(web, request, answer.challenge, HOME)
    return await enter(web, request, answer.tokens, HOME)


async def end_session(web: Web, request: Request) -> Response:
    """One of the own; or all others."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    name = given.get("name", "")
    if name:
        await signed_in.calls(
            web.auth.sessions.DeleteSession, session_service_pb2.DeleteSessionRequest(name=name)
        )
    else:
        await signed_in.calls(
            web.auth.sessions.EndSessions, session_service_pb2.EndSessionsRequest(keep_current=True)
        )
    return go(HOME)


async def send_verification(web: Web, request: Request) -> Response:
    """Another link to the own e-mail."""
    signed_in = await web.signed_in(request)
    await web.form(request, cookies.SESSION)
    await signed_in.calls(
        web.auth.accounts.RequestEmailVerification, account_service_pb2.RequestEmailVerificationRequest()
    )
    return await _home(web, signed_in, notice="A link is on its way to you.")


async def password_form(web: Web, request: Request) -> Response:
    """Asks for the old one and the new one."""
    return await _password(web, await web.signed_in(request))


async def change_password(web: Web, request: Request) -> Response:
    """All other sessions end."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    asked = account_service_pb2.ChangePasswordRequest(
        current_password=given.get("current_password", ""), password=given.get("password", "")
    )
    try:
        await signed_in.calls(web.auth.accounts.ChangePassword, asked)
    except DomainError as refused:
        if refused.reason_name not in _ABOUT_PASSWORDS:
            raise
        return await _password(web, signed_in, **refusal(refused))
    return await _home(web, signed_in, notice="Your password was changed. All other sessions were ended.")


async def _password(web: Web, signed_in: SignedIn, **shown: object) -> Response:
    me = await signed_in.calls(web.auth.auth.GetMe, auth_service_pb2.GetMeRequest())
    return page("password.html", csrf=csrf_token(signed_in.secret), who=me.email, **shown)
