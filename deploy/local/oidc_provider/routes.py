"""Discovery, keys, the page where a person is chosen, tokens, userinfo."""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from joserfc.jwk import KeySet

from oidc_provider import page
from oidc_provider.provider import CODE_SECONDS, Client, Fault, Grant, Provider
from oidc_provider.tokens import challenge_of, id_token

PROVIDER = web.AppKey("provider", Provider)
_ENDLESS_BYTES = 2_000_000
routes = web.RouteTableDef()


@web.middleware
async def counted(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Tests ask how often a path was asked for."""
    asked = request.app[PROVIDER].asked
    asked[request.path] = asked.get(request.path, 0) + 1
    return await handler(request)


def issuer_of(request: web.Request) -> str:
    """What the client called us; behind no proxy that is what we are."""
    return f"http://{request.host}"


@routes.get("/.well-known/openid-configuration")
async def discovery(request: web.Request) -> web.StreamResponse:
    issuer, faults = issuer_of(request), request.app[PROVIDER].faults
    if Fault.REDIRECTING in faults:
        raise web.HTTPFound("/elsewhere/openid-configuration")
    if Fault.ENDLESS in faults:
        return web.Response(body=b" " * _ENDLESS_BYTES, content_type="application/json")
    return web.json_response(_document(issuer, faults))


@routes.get("/elsewhere/openid-configuration")
async def elsewhere(request: web.Request) -> web.StreamResponse:
    """Where the fault of redirecting leads."""
    return web.json_response(_document(issuer_of(request), set()))


def _document(issuer: str, faults: set[Fault]) -> dict[str, object]:
    return {
        "issuer": "https://another.example" if Fault.OTHER_ISSUER_DISCOVERED in faults else issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks.json",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "PS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }


@routes.get("/jwks.json")
async def jwks(request: web.Request) -> web.StreamResponse:
    return web.json_response(KeySet([*request.app[PROVIDER].keys]).as_dict(private=False))


@routes.get("/authorize")
async def authorize(request: web.Request) -> web.StreamResponse:
    """Without `person` a page to choose one; with it, back to the client with a code."""
    provider, asked = request.app[PROVIDER], dict(request.query)
    client = provider.clients.get(asked.get("client_id", ""))
    if client is None or asked.get("redirect_uri") not in client.redirect_uris:
        raise web.HTTPBadRequest(text="This client, or this place to go back to, is unknown.")
    wanted = ("response_type", "code"), ("code_challenge_method", "S256")
    if any(asked.get(name) != value for name, value in wanted) or not asked.get("code_challenge"):
        raise web.HTTPBadRequest(text="Only the code flow with PKCE (S256).")
    if "person" not in asked:
        return web.Response(text=page.choice(asked, provider.people.values()), content_type="text/html")
    person = provider.people.get(asked["person"])
    if person is None:
        raise web.HTTPBadRequest(text="There is no such person.")
    code = secrets.token_urlsafe(24)
    provider.grants[code] = Grant(
        client.id, asked["redirect_uri"], asked.get("nonce", ""), asked["code_challenge"], person,
        time.monotonic() + CODE_SECONDS,
    )  # fmt: skip
    answer = {"code": code, "state": asked.get("state", ""), "iss": issuer_of(request)}
    if Fault.WITHOUT_ISSUER_PARAMETER in provider.faults:
        del answer["iss"]
    raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(answer)}")


@routes.post("/token")
async def token(request: web.Request) -> web.StreamResponse:
    provider, form = (
        request.app[PROVIDER],
        {name: str(value) for name, value in (await request.post()).items()},
    )
    client = _authenticated(provider, request, form)
    if client is None:
        return web.json_response({"error": "invalid_client"}, status=401)
    code, careless = form.get("code", ""), Fault.CARELESS_CODES in provider.faults
    grant = provider.grants.get(code) if careless else provider.grants.pop(code, None)
    if grant is None or not (careless or _good(grant, client, form)):
        return web.json_response({"error": "invalid_grant"}, status=400)
    access = secrets.token_urlsafe(24)
    provider.bearers[access] = grant.person
    return web.json_response(
        {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": id_token(provider, issuer_of(request), grant, access),
        }
    )


def _authenticated(provider: Provider, request: web.Request, form: dict[str, str]) -> Client | None:
    given = form.get("client_id", ""), form.get("client_secret", "")
    header = request.headers.get("authorization", "")
    if header.startswith("Basic "):
        try:
            name, _, secret = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        given = unquote_plus(name), unquote_plus(secret)
    client = provider.clients.get(given[0])
    right = client is not None and hmac.compare_digest(client.secret.encode(), given[1].encode())
    return client if right else None


def _good(grant: Grant, client: Client, form: dict[str, str]) -> bool:
    return (
        grant.client_id == client.id
        and grant.redirect_uri == form.get("redirect_uri")
        and grant.challenge == challenge_of(form.get("code_verifier", ""))
        and grant.ends_at > time.monotonic()
    )


@routes.get("/userinfo")
async def userinfo(request: web.Request) -> web.StreamResponse:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    person = request.app[PROVIDER].bearers.get(bearer)
    if person is None:
        return web.json_response({"error": "invalid_token"}, status=401)
    return web.json_response(
        {
            "sub": person.subject,
            "email": person.email,
            "email_verified": person.email_verified,
            "name": person.name,
        }
    )
