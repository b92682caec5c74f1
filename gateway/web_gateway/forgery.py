"""Whether a request comes from a page of ours: another site makes a browser send our cookies, but no more."""

import hmac

from starlette.datastructures import Headers

from web_gateway.sealing import csrf_token

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_OWN_SITE = {"same-origin", "none"}


class ForgedError(Exception):
    """The request is another site's, or its page is too old."""


def require_own_page(headers: Headers, origin: str, secret: str, token: str) -> None:
    """For what changes something: our origin, and the token that our page was given. Raises ForgedError."""
    require_own_site(headers, origin)
    if "origin" not in headers and "sec-fetch-site" not in headers:
        raise ForgedError
    if not secret or not hmac.compare_digest(token.encode(), csrf_token(secret).encode()):
        raise ForgedError


def require_own_site(headers: Headers, origin: str) -> None:
    """As far as the browser says where the request comes from. Raises ForgedError."""
    if headers.get("origin", origin) != origin or headers.get("sec-fetch-site", "none") not in _OWN_SITE:
        raise ForgedError
