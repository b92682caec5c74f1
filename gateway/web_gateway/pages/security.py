"""Second factors: an app, passkeys, recovery codes; and showing once more who one is."""

from collections.abc import Sequence

import segno
from google.protobuf import json_format
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import auth_service_pb2, factor_pb2, factor_service_pb2
from service_runtime.errors import DomainError
from web_gateway import cookies
from web_gateway.entering import options_of, proof_of, struct_of
from web_gateway.sealing import csrf_token
from web_gateway.web import SignedIn, SignedOutError, Web, go, own_path, page, refusal

_PAGE = "/account/security"


async def overview(web: Web, request: Request) -> Response:
    """What there is, and what can be added."""
    return await _overview(web, await web.signed_in(request))


async def _overview(web: Web, signed_in: SignedIn, **shown: object) -> Response:
    me = await signed_in.calls(web.auth.auth.GetMe, auth_service_pb2.GetMeRequest())
    listed = await signed_in.calls(web.auth.factors.ListFactors, factor_service_pb2.ListFactorsRequest())
    return page(
        "security.html",
        csrf=csrf_token(signed_in.secret),
        who=me.email,
        factors=[
            (each, "Passkey" if each.kind == factor_pb2.FACTOR_KIND_PASSKEY else "Authenticator app")
            for each in listed.factors
        ],
        codes_left=listed.recovery_codes_left,
        **shown,
    )


async def start_totp(web: Web, request: Request) -> Response:
    """Shows the secret, as a QR code and as text."""
    signed_in = await web.signed_in(request)
    await web.form(request, cookies.SESSION)
    started = await signed_in.calls(
        web.auth.factors.StartTotpEnrolment,
        factor_service_pb2.StartTotpEnrolmentRequest(display_name="Authenticator app"),
    )
    return _totp(signed_in, started.factor.name, started.secret, started.otpauth_uri)


async def confirm_totp(web: Web, request: Request) -> Response:
    """By the first code. A wrong one may be tried again."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    name, code = given.get("name", ""), given.get("code", "").replace(" ", "")
    asked = factor_service_pb2.ConfirmTotpEnrolmentRequest(name=name, code=code)
    try:
        answer = await signed_in.calls(web.auth.factors.ConfirmTotpEnrolment, asked)
    except DomainError as refused:
        if refused.reason_name not in ("SECOND_FACTOR_INVALID", "INVALID_FIELD"):
            raise
        return _totp(signed_in, name, given.get("secret", ""), given.get("uri", ""), **refusal(refused))
    return _codes(signed_in, answer.recovery_codes)


def _totp(signed_in: SignedIn, name: str, secret: str, uri: str, **shown: object) -> Response:
    drawn = segno.make(uri, error="m", micro=False) if uri.startswith("otpauth://totp/") else None
    qr = drawn.svg_inline(scale=5, border=2, dark="#000", light="#fff") if drawn else ""
    return page(
        "totp.html",
        csrf=csrf_token(signed_in.secret),
        name=name,
        secret=secret,
        uri=uri,
        # Drawn by us, of numbers alone.
        qr=Markup(qr),  # noqa: S704
        **shown,
    )


async def start_passkey(web: Web, request: Request) -> Response:
    """What the browser makes a passkey of."""
    signed_in = await web.signed_in(request)
    await web.form(request, cookies.SESSION)
    started = await signed_in.calls(
        web.auth.factors.StartPasskeyEnrolment, factor_service_pb2.StartPasskeyEnrolmentRequest()
    )
    return page(
        "passkey.html",
        csrf=csrf_token(signed_in.secret),
        challenge=started.challenge_token,
        options=json_format.MessageToJson(started.options, indent=None),
    )


async def finish_passkey(web: Web, request: Request) -> Response:
    """In force at once."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    asked = factor_service_pb2.FinishPasskeyEnrolmentRequest(
        challenge_token=given.get("challenge", ""),
        credential=struct_of(given.get("passkey", "")),
        display_name=given.get("display_name", ""),
    )
    try:
        answer = await signed_in.calls(web.auth.factors.FinishPasskeyEnrolment, asked)
    except DomainError as refused:
        if refused.reason_name == "STEP_UP_REQUIRED":
            raise
        return await _overview(web, signed_in, **refusal(refused))
    return _codes(signed_in, answer.recovery_codes)


async def delete(web: Web, request: Request) -> Response:
    """One of the factors."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    await signed_in.calls(
        web.auth.factors.DeleteFactor, factor_service_pb2.DeleteFactorRequest(name=given.get("name", ""))
    )
    return go(_PAGE)


async def new_codes(web: Web, request: Request) -> Response:
    """The old ones end."""
    signed_in = await web.signed_in(request)
    await web.form(request, cookies.SESSION)
    answer = await signed_in.calls(
        web.auth.factors.RegenerateRecoveryCodes, factor_service_pb2.RegenerateRecoveryCodesRequest()
    )
    return _codes(signed_in, answer.recovery_codes)


def _codes(signed_in: SignedIn, codes: Sequence[str]) -> Response:
    if not codes:
        return go(_PAGE)
    return page("recovery_codes.html", csrf=csrf_token(signed_in.secret), codes=codes)


async def step_up_form(web: Web, request: Request) -> Response:
    """By a factor where there is one, otherwise by the password."""
    return await _step_up(web, await web.signed_in(request), request.query_params.get("next", ""))


async def step_up(web: Web, request: Request) -> Response:
    """The session goes on under another cookie."""
    signed_in = await web.signed_in(request)
    given = await web.form(request, cookies.SESSION)
    path = given.get("next", "")
    if "password" in given:
        asked = auth_service_pb2.StepUpRequest(password=given["password"])
    else:
        challenge = given.get("challenge", "") if given.get("passkey") else ""
        asked = auth_service_pb2.StepUpRequest(challenge_token=challenge, **proof_of(given))
    try:
        answer = await signed_in.calls(web.auth.auth.StepUp, asked)
    except DomainError as refused:
        if refused.reason_name == "TOKEN_INVALID":
            raise
        return await _step_up(web, signed_in, path, **refusal(refused))
    secret = await web.sessions.stepped_up(signed_in.secret, answer.tokens)
    if secret is None:
        raise SignedOutError
    done = go(own_path(path))
    cookies.give(done, cookies.SESSION, secret)
    return done


async def _step_up(web: Web, signed_in: SignedIn, path: str, **shown: object) -> Response:
    values: dict[str, object] = {"by_password": True, "challenge": "", "options": "", "has_code": False}
    listed = await signed_in.calls(web.auth.factors.ListFactors, factor_service_pb2.ListFactorsRequest())
    if listed.factors:
        started = await signed_in.calls(web.auth.auth.StartStepUp, auth_service_pb2.StartStepUpRequest())
        values = {
            "by_password": False,
            "challenge": started.challenge.token,
            "options": options_of(started.challenge.passkey_options),
            "has_code": any(kind != factor_pb2.FACTOR_KIND_PASSKEY for kind in started.challenge.factors),
        }
    return page(
        "step_up.html",
        csrf=csrf_token(signed_in.secret),
        next=path,
        **values,
        **shown,
    )
