"""What providers say of themselves: discovery documents and keys, kept for a while."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from auth_service.sso.model import NotLetInError
from auth_service.sso.outbound import Outbound

_DISCOVERY = "/.well-known/openid-configuration"
_KEPT_SECONDS = 600.0
# An unknown key id makes us look again, but not for everybody who makes one up.
_KEYS_EVERY_SECONDS = 30.0
# A provider that is away is not asked again by each who wants to sign in.
_AWAY_SECONDS = 5.0
_MOST_PROVIDERS = 1000
_MOST_KEYS = 100
_ASYMMETRIC = ("EC", "RSA", "OKP")


@dataclass(frozen=True, slots=True)
class Provider:
    """The part of a discovery document that is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    # The client's secret goes into a header, and not into the form.
    basic: bool
    # `iss` comes with every code (RFC 9207).
    names_itself: bool


@dataclass(slots=True)
class _Known:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    provider: Provider | None = None
    until: float = 0.0
    away_until: float = 0.0
    keys: tuple[Key, ...] = ()
    keys_at: float = float("-inf")


class Providers:
    """One of the process; issuers that nobody came by for long are forgotten first."""

    def __init__(self, outbound: Outbound, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def get(self, issuer: str) -> Provider:
        """Raises NotLetInError where it cannot be reached, or says what it must not."""
        known = self._entry(issuer)
        async with known.lock:
            if known.provider is not None and self._clock() < known.until:
                return known.provider
            if self._clock() < known.away_until:
                raise NotLetInError("PROVIDER_UNREACHABLE")
            known.away_until = self._clock() + _AWAY_SECONDS
            document = await self._outbound.get(issuer, issuer.rstrip("/") + _DISCOVERY)
            known.provider = self._checked(issuer, document)
            known.until, known.away_until = self._clock() + _KEPT_SECONDS, 0.0
            return known.provider

    async def key(self, provider: Provider, kid: str | None) -> Key:
        """The key that signed; without an id the only one there is. Raises NotLetInError."""
        known = self._entry(provider.issuer)
        async with known.lock:
            age = self._clock() - known.keys_at
            found = _named(known.keys, kid)
            if age > _KEPT_SECONDS or (found is None and age > _KEYS_EVERY_SECONDS):
                known.keys_at = self._clock()
                known.keys = _keys(await self._outbound.get(provider.issuer, provider.jwks_uri))
                found = _named(known.keys, kid)
        if found is None:
            raise NotLetInError("KEY_UNKNOWN")
        return found

    def _entry(self, issuer: str) -> _Known:
        known = self._known.setdefault(issuer, _Known())
        self._known.move_to_end(issuer)
        if len(self._known) > _MOST_PROVIDERS:
            self._known.popitem(last=False)
        return known

    def _checked(self, issuer: str, document: dict[str, Any]) -> Provider:
        if document.get("issuer") != issuer:
            raise NotLetInError("ISSUER_OTHER")
        urls = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        names_itself = document.get("authorization_response_iss_parameter_supported") is True
        checked = [url for url in urls if isinstance(url, str) and self._outbound.may_go_to(issuer, url)]
        if len(checked) != len(urls):
            raise NotLetInError("ADDRESS_REFUSED")
        authorize, token, jwks = checked
        return Provider(issuer, authorize, token, jwks, "client_secret_basic" in ways, names_itself)


def _keys(document: dict[str, Any]) -> tuple[Key, ...]:
    """Those that we know to use; a symmetric key in a published set is none."""
    listed = document.get("keys")
    found = []
    for item in listed[:_MOST_KEYS] if isinstance(listed, list) else ():
        if isinstance(item, dict) and item.get("kty") in _ASYMMETRIC and item.get("use", "sig") == "sig":
            try:
                found.append(JWKRegistry.import_key(item))
            except (JoseError, ValueError, TypeError, KeyError):
                continue
    return tuple(found)


def _named(keys: tuple[Key, ...], kid: str | None) -> Key | None:
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == kid), None)
