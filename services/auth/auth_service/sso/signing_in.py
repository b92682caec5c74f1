"""Signing in through a provider: the authorization code flow with PKCE, bound to one browser."""

import hashlib
import secrets
import time
from collections.abc import Callable
from urllib.parse import quote_plus, urlencode, urlsplit
from uuid import UUID

import aiohttp

from auth_service import names, refusals
from auth_service.challenges.model import Purpose
from auth_service.factors.asking import ask
from auth_service.factors.model import Asked
from auth_service.factors.passkeys import RelyingParty
from auth_service.passwords.hashing import Passwords
from auth_service.sessions.model import Client, SignedIn
from auth_service.sessions.service import Sessions
from auth_service.sso import id_tokens, store
from auth_service.sso.flows import store as flows
from auth_service.sso.id_tokens import Expected
from auth_service.sso.model import (
    Finished,
    Flow,
    NotLetInError,
    Person,
    SsoConnection,
    Started,
    StateToken,
    domain_of,
)
from auth_service.sso.outbound import Outbound
from auth_service.sso.people import user_of
from auth_service.sso.providers import Provider, Providers
from auth_service.sso.secrets import Secrets
from service_runtime import audit
from service_runtime.errors import unavailable
from service_runtime.identifiers import new_id
from service_runtime.identity import Identity
from service_runtime.postgres import Connection, Postgres

_CALLBACK = "/account/sso/callback"
# 48 random bytes are 64 characters, of the 43 to 128 that RFC 7636 asks for.
_SECRET_BYTES = 48
_BROWSER_BYTES = 32


class SigningIn:
    """`public_url` is where providers send browsers back to."""

    def __init__(
        self,
        sign_ins: Postgres,
        sessions: Sessions,
        passwords: Passwords,
        secrets_at_rest: Secrets,
        providers: Providers,
        outbound: Outbound,
        party: RelyingParty,
        public_url: str,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._sign_ins = sign_ins
        self._sessions = sessions
        self._passwords = passwords
        self._secrets = secrets_at_rest
        self._providers = providers
        self._outbound = outbound
        self._party = party
        self._redirect_uri = public_url + _CALLBACK
        self._now = now

    async def start_by_email(self, email: str, return_path: str) -> Started | None:
        """None where the e-mail's domain is nobody's. Raises DEPENDENCY_UNAVAILABLE."""
        domain = domain_of(email)
        async with self._sign_ins.unscoped() as connection:
            org_id = await store.whose(connection, domain)
        return await self._start(org_id, domain, return_path, email) if org_id else None

    async def start_by_organization(self, org_id: UUID, return_path: str) -> Started | None:
        """None where it has no connection with a verified domain. Raises DEPENDENCY_UNAVAILABLE."""
        return await self._start(org_id, "", return_path, "")

    async def _start(self, org_id: UUID, domain: str, return_path: str, email: str) -> Started | None:
        async with self._sign_ins.transaction(org_id) as connection:
            sso = _chosen(await store.every(connection, org_id), domain)
        if sso is None:
            return None
        try:
            provider = await self._providers.get(sso.issuer)
        except NotLetInError as broken:
            raise unavailable("identity-provider") from broken
        token = StateToken.new(org_id, new_id())
        verifier, nonce = secrets.token_urlsafe(_SECRET_BYTES), secrets.token_urlsafe(_BROWSER_BYTES)
        browser = secrets.token_urlsafe(_BROWSER_BYTES)
        wrapped = self._secrets.wrapped_flow(org_id, token.id, verifier, nonce)
        async with self._sign_ins.transaction(org_id) as connection:
            if await _changed(connection, org_id, sso):
                return None
            ends = await flows.insert(connection, token, sso.id, _hash(browser), wrapped, return_path)
        url = self._authorization_url(provider, sso, token, _challenge(verifier), nonce, email)
        return Started(url, browser, ends)

    def _authorization_url(
        self,
        provider: Provider,
        sso: SsoConnection,
        state: StateToken,
        challenge: str,
        nonce: str,
        email: str,
    ) -> str:
        asked = {
            "response_type": "code",
            "client_id": sso.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email profile",
            "state": state.encoded(),
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if email:
            asked["login_hint"] = email
        place = provider.authorization_endpoint
        return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"

    async def finish(self, state: str, code: str, browser: str, issuer: str, client: Client) -> Finished:
        """Raises SSO_REFUSED, alike for every cause."""
        token = StateToken.parse(state)
        if token is None:
            raise refusals.sso_refused()
        async with self._sign_ins.transaction(token.org_id) as connection:
            taken = await flows.consume(connection, token, _hash(browser))
            sso = await store.get(connection, token.org_id, taken[0]) if taken else None
        # Nothing is recorded of a state that never was: it names any organization that it likes.
        if taken is None or sso is None:
            raise refusals.sso_refused()
        try:
            flow = Flow(taken[0], *self._secrets.unwrapped_flow(token.org_id, token.id, taken[1]), taken[2])
            person = await self._person(token.org_id, sso, flow, code, issuer)
            answer = await self._enter(token.org_id, sso, person, client)
        except NotLetInError as refused:
            await self._record(token.org_id, sso, refused.cause)
            raise refusals.sso_refused() from None
        return Finished(answer, flow.return_path)

    async def _person(self, org_id: UUID, sso: SsoConnection, flow: Flow, code: str, issuer: str) -> Person:
        provider = await self._providers.get(sso.issuer)
        # The code of another provider must not be told to this one (RFC 9207).
        if issuer != sso.issuer and (issuer or provider.names_itself):
            raise NotLetInError("ISSUER_OTHER")
        given = await self._redeemed(org_id, sso, provider, code, flow.verifier)
        id_token, access_token = given.get("id_token"), given.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise NotLetInError("ID_TOKEN_MISSING")
        key = await self._providers.key(provider, id_tokens.key_id(id_token))
        expected = Expected(sso.issuer, sso.client_id, flow.nonce, access_token, self._now())
        return id_tokens.person_of(id_token, key, expected)

    async def _redeemed(
        self, org_id: UUID, sso: SsoConnection, provider: Provider, code: str, verifier: str
    ) -> dict[str, object]:
        secret = self._secrets.unwrapped(org_id, sso.id, sso.issuer, sso.wrapped)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        authorization = ""
        if provider.basic:
            # Both are encoded once more inside of it (RFC 6749, 2.3.1).
            authorization = aiohttp.encode_basic_auth(quote_plus(sso.client_id), quote_plus(secret))
        else:
            form |= {"client_id": sso.client_id, "client_secret": secret}
        return await self._outbound.post(sso.issuer, provider.token_endpoint, form, authorization)

    async def _enter(
        self, org_id: UUID, sso: SsoConnection, person: Person, client: Client
    ) -> SignedIn | Asked:
        """A session; who has second factors here is asked for one, whatever the provider asked for."""
        async with self._sign_ins.transaction(org_id) as connection:
            if await _changed(connection, org_id, sso):
                raise NotLetInError("CONNECTION_CHANGED")
            user = await user_of(connection, org_id, sso, person, self._passwords.nobodys)
            asked = await ask(connection, org_id, user, self._party, Purpose.SIGN_IN, person.methods)
            if asked is not None:
                await audit.record(connection, Identity(org_id=org_id), "session.asked", names.user(user.id))
                return asked
            tokens = await self._sessions.begin(connection, org_id, user, client, person.methods)
        return SignedIn(user, tokens)

    async def _record(self, org_id: UUID, sso: SsoConnection, cause: str) -> None:
        async with self._sign_ins.transaction(org_id) as connection:
            name = names.sso_connection(sso.id)
            await audit.record(connection, Identity(org_id=org_id), "sso.refused", name, {"cause": cause})


def _chosen(found: list[SsoConnection], domain: str) -> SsoConnection | None:
    """The one with this verified domain; without a domain the oldest that has any."""
    for sso in found:
        if any(item.verified and domain in ("", item.domain) for item in sso.domains):
            return sso
    return None


async def _changed(connection: Connection, org_id: UUID, sso: SsoConnection) -> bool:
    """Whether it is not what it was; what it is, it stays until the transaction ends."""
    now = await store.held(connection, org_id, sso.id)
    return now is None or now.version != sso.version


def _hash(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()


def _challenge(verifier: str) -> str:
    return id_tokens.base64url(hashlib.sha256(verifier.encode()).digest())
