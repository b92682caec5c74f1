"""Requests to providers: https to public addresses, no redirect, little time, few bytes."""

import json
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp

from auth_service.sso.addresses import PublicResolver, is_address, is_public
from auth_service.sso.model import NotLetInError

_SECONDS = aiohttp.ClientTimeout(total=5, connect=3)
# Discovery documents and key sets have a few thousand.
_MOST_BYTES = 256 * 1024
_CHUNK = 16 * 1024
_PLAIN = {"accept": "application/json", "accept-encoding": "identity"}


class Outbound:
    """`insecure` are issuers for local work: they, and nothing beside them, may be http and private."""

    def __init__(self, insecure: Collection[str]) -> None:
        self._insecure = frozenset(insecure)
        self._public = _session(aiohttp.TCPConnector(resolver=PublicResolver()))
        self._local = _session(aiohttp.TCPConnector())

    async def close(self) -> None:
        await self._public.close()
        await self._local.close()

    def may_go_to(self, issuer: str, url: str) -> bool:
        """Whether an issuer's URL may be asked, and a browser be sent there."""
        try:
            parts = urlsplit(url)
            host, own = parts.hostname, self._is_local(issuer, parts)
        except ValueError:
            return False
        if not host or parts.username is not None or parts.password is not None or parts.fragment:
            return False
        return own or (parts.scheme == "https" and (is_public(host) or not is_address(host)))

    async def get(self, issuer: str, url: str) -> dict[str, Any]:
        """The JSON object there. Raises NotLetInError."""
        return await self._ask("GET", issuer, url, {})

    async def post(
        self, issuer: str, url: str, form: Mapping[str, str], authorization: str = ""
    ) -> dict[str, Any]:
        """The JSON object that answers a form. Raises NotLetInError."""
        headers = {"authorization": authorization} if authorization else {}
        return await self._ask("POST", issuer, url, headers, form)

    async def _ask(
        self,
        method: str,
        issuer: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        if not self.may_go_to(issuer, url):
            raise NotLetInError("ADDRESS_REFUSED")
        session = self._local if self._is_local(issuer, urlsplit(url)) else self._public
        try:
            async with session.request(
                method, url, data=form, allow_redirects=False, headers={**_PLAIN, **headers}, timeout=_SECONDS
            ) as answer:
                if answer.status != 200:
                    raise NotLetInError("PROVIDER_REFUSED")
                return _object(await _bounded(answer))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as broken:
            raise NotLetInError("PROVIDER_UNREACHABLE") from broken

    def _is_local(self, issuer: str, parts: SplitResult) -> bool:
        own = urlsplit(issuer)
        return issuer in self._insecure and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False
    )


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > _MOST_BYTES:
            raise NotLetInError("ANSWER_TOO_LARGE")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    read = json.loads(body)
    if not isinstance(read, dict):
        raise NotLetInError("ANSWER_MALFORMED")
    return read
