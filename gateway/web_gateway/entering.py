"""From a sign-in's answer to a session, or to the second factor that it asks for."""

from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format, struct_pb2
from starlette.requests import Request
from starlette.responses import Response

from bloom.auth.v1 import auth_pb2, factor_pb2
from web_gateway import cookies
from web_gateway.web import VISIT_SECONDS, Web, go, own_path

_CHALLENGE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Pending:
    """A challenge that this browser must answer."""

    token: str = field(repr=False)
    # For a script: what a passkey is asked to sign; empty where none is among the factors.
    options: str
    has_code: bool
    next: str


async def enter(web: Web, request: Request, tokens: auth_pb2.TokenPair, path: str) -> Response:
    """Signed in, with a cookie that nobody knew before; whoever was signed in here is not any more."""
    await web.sessions.end(cookies.secret_of(request, cookies.SESSION))
    await web.visits.delete(cookies.secret_of(request, cookies.VISIT))
    answer = go(own_path(path))
    cookies.give(answer, cookies.SESSION, await web.sessions.begin(tokens))
    cookies.take_away(answer, cookies.VISIT)
    return answer


async def ask(web: Web, request: Request, challenge: factor_pb2.LoginChallenge, path: str) -> Response:
    """To the page of the second factor."""
    kept = {
        "token": challenge.token,
        "options": options_of(challenge.passkey_options),
        "has_code": factor_pb2.FACTOR_KIND_TOTP in challenge.factors
        or factor_pb2.FACTOR_KIND_RECOVERY_CODE in challenge.factors,
        "next": path,
    }
    visit = cookies.visit_of(request)
    await web.visits.put(visit, kept, _CHALLENGE_SECONDS)
    answer = go("/account/second-factor")
    cookies.give(answer, cookies.VISIT, visit)
    return answer


async def pending(web: Web, request: Request) -> Pending | None:
    """What this browser was asked; None where nothing is open."""
    found = await web.visits.get(cookies.secret_of(request, cookies.VISIT))
    return Pending(**found) if found and "token" in found else None


def options_of(options: struct_pb2.Struct) -> str:
    """As JSON, for `parseRequestOptionsFromJSON`; empty where there are none."""
    return json_format.MessageToJson(options, indent=None) if options.fields else ""


def proof_of(form: dict[str, str]) -> dict[str, Any]:
    """What a form shows: a passkey's answer, six digits of an app, or a recovery code."""
    if form.get("passkey"):
        return {"passkey": struct_of(form["passkey"])}
    code = form.get("code", "").replace(" ", "")
    if len(code) == 6 and code.isascii() and code.isdigit():
        return {"totp_code": code}
    return {"recovery_code": code or "-"}


def struct_of(text: str) -> struct_pb2.Struct:
    """What a script of ours wrote; what is no JSON is nothing."""
    struct = struct_pb2.Struct()
    try:
        json_format.Parse(text, struct)
    except (json_format.ParseError, RecursionError):
        return struct_pb2.Struct()
    return struct


async def remember(web: Web, request: Request, value: dict[str, object]) -> None:
    """Something else that the visit needs later."""
    await web.visits.put(cookies.secret_of(request, cookies.VISIT), value, VISIT_SECONDS)
