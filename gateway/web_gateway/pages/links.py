"""What links in mails lead to. Opening one changes nothing: scanners of mail open them too."""

from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import account_service_pb2, invitation_service_pb2
from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.auth import Browser, Calls
from web_gateway.entering import enter
from web_gateway.web import HOME, Web, go, refusal, visitor_page

_SENT = "If there is an account for that e-mail, a link is on its way to it. It works for 30 minutes."


async def forgot(web: Web, request: Request) -> Response:
    """Asks for the e-mail."""
    return visitor_page(request, "forgot.html", email=request.query_params.get("email", ""))


async def send_reset(web: Web, request: Request) -> Response:
    """Answers alike whether there is an account or not."""
    given = await web.form(request, cookies.VISIT)
    asked = account_service_pb2.RequestPasswordResetRequest(email=given.get("email", ""))
    try:
        await Calls(Browser.of(request))(web.auth.accounts.RequestPasswordReset, asked)
    except DomainError as refused:
        return visitor_page(request, "forgot.html", email=asked.email, **refusal(refused))
    return visitor_page(request, "done.html", title="Look into your mail", message=_SENT, link="")


async def reset_form(web: Web, request: Request) -> Response:
    """Asks for the new password."""
    return visitor_page(request, "reset.html", token=request.query_params.get("token", ""))


async def reset(web: Web, request: Request) -> Response:
    """Sets it; a weak one leaves the link as it is."""
    given = await web.form(request, cookies.VISIT)
    asked = account_service_pb2.ResetPasswordRequest(
        token=given.get("token", ""), password=given.get("password", "")
    )
    try:
        await Calls(Browser.of(request))(web.auth.accounts.ResetPassword, asked)
    except DomainError as refused:
        return visitor_page(request, "reset.html", token=asked.token, **refusal(refused))
    said = "Your password was set, and all your sessions were ended."
    return visitor_page(
        request, "done.html", title="Sign in with your new password", message=said, link="sign-in"
    )


async def verify_form(web: Web, request: Request) -> Response:
    """A button, and nothing else."""
    return visitor_page(request, "verify.html", token=request.query_params.get("token", ""))


async def verify(web: Web, request: Request) -> Response:
    """Confirms the e-mail."""
    given = await web.form(request, cookies.VISIT)
    asked = account_service_pb2.VerifyEmailRequest(token=given.get("token", ""))
    try:
        await Calls(Browser.of(request))(web.auth.accounts.VerifyEmail, asked)
    except DomainError as refused:
        return visitor_page(request, "verify.html", token=asked.token, **refusal(refused))
    return visitor_page(
        request, "done.html", title="Your e-mail is confirmed", message="Thank you.", link="home"
    )


async def invitation(web: Web, request: Request) -> Response:
    """Who invites whom, and to what."""
    return await _invitation(web, request, request.query_params.get("token", ""))


async def accept(web: Web, request: Request) -> Response:
    """Makes a member, signed in; or sent to the provider that the organization wants."""
    given = await web.form(request, cookies.VISIT)
    asked = invitation_service_pb2.AcceptInvitationRequest(
        token=given.get("token", ""),
        password=given.get("password", ""),
        display_name=given.get("display_name", ""),
    )
    try:
        answer = await Calls(Browser.of(request))(web.auth.invitations.AcceptInvitation, asked)
    except DomainError as refused:
        return await _invitation(
            web, request, asked.token, display_name=asked.display_name, **refusal(refused)
        )
    if not answer.HasField("tokens"):
        return go("/account/sso", email=answer.user.email)
    return await enter(web, request, answer.tokens, HOME)


async def _invitation(web: Web, request: Request, token: str, **shown: object) -> Response:
    asked = invitation_service_pb2.PreviewInvitationRequest(token=token)
    try:
        offer = await Calls(Browser.of(request))(web.auth.invitations.PreviewInvitation, asked)
    except DomainError as refused:
        return visitor_page(request, "link_over.html", **refusal(refused))
    values = {"display_name": "", **shown}
    return visitor_page(request, "invitation.html", token=token, offer=offer, **values)
