"""The two cookies. `__Host-` ties each to this very host, over TLS: no other site sets one for us."""

from starlette.requests import Request
from starlette.responses import Response

from web_gateway.sealing import new_secret

SESSION = "__Host-bloom-session"
# Before anybody is signed in: what a sign-in that is under way belongs to.
VISIT = "__Host-bloom-visit"


def secret_of(request: Request, name: str) -> str:
    """Empty where the browser has none."""
    return request.cookies.get(name, "")


def visit_of(request: Request) -> str:
    """The browser's own, or a new one, which `give` must send."""
    return secret_of(request, VISIT) or new_secret()


def give(response: Response, name: str, secret: str) -> None:
    """Until the browser is closed. Lax and not Strict: providers send people back from sites of their own."""
    response.set_cookie(name, secret, secure=True, httponly=True, samesite="lax", path="/")


def take_away(response: Response, name: str) -> None:
    """The browser forgets it."""
    response.delete_cookie(name, secure=True, httponly=True, samesite="lax", path="/")
