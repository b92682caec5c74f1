"""What admins and browsers do with single sign-on: over the real service, a real provider and a real DNS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx

from bloom.auth.v1 import sso_pb2, sso_service_pb2, sso_service_pb2_grpc
from bloom.options.v1 import policy_pb2
from oidc_provider.dns_responder import Records
from oidc_provider.people import Person
from oidc_provider.provider import Client, Provider

PUBLIC_URL = "http://localhost:8080"
CALLBACK = f"{PUBLIC_URL}/account/sso/callback"
CLIENT_SECRET = "the-client-secret-that-nobody-reads"


@dataclass(frozen=True)
class Site:
    """A provider that runs, with its issuer."""

    issuer: str
    provider: Provider

    def client(self) -> Client:
        """A new one."""
        client = Client(f"client-{uuid4().hex[:8]}", CLIENT_SECRET, (CALLBACK,))
        self.provider.add_client(client)
        return client

    def person(self, email: str, **different: Any) -> Person:
        """A new one."""
        person = Person(uuid4().hex, email, different.pop("name", "Somebody"), **different)
        self.provider.add_people(person)
        return person


class Sso:
    """SsoService, as somebody or as nobody."""

    def __init__(self, mesh: Any, caller: Any = None) -> None:
        self.stub = sso_service_pb2_grpc.SsoServiceStub(mesh.channel)
        self._metadata = caller.metadata if caller else ()

    async def create(self, site: Site, **different: Any) -> sso_pb2.SsoConnection:
        asked = {
            "display_name": "Our people",
            "issuer": site.issuer,
            "client_id": site.client().id,
            "client_secret": CLIENT_SECRET,
            "roles": [policy_pb2.ROLE_VIEWER],
            **different,
        }
        request = sso_service_pb2.CreateSsoConnectionRequest(connection=sso_pb2.SsoConnection(**asked))
        return await self.stub.CreateSsoConnection(request, metadata=self._metadata)

    async def get(self, name: str) -> sso_pb2.SsoConnection:
        request = sso_service_pb2.GetSsoConnectionRequest(name=name)
        return await self.stub.GetSsoConnection(request, metadata=self._metadata)

    async def update(self, name: str, *paths: str, **fields: Any) -> sso_pb2.SsoConnection:
        request = sso_service_pb2.UpdateSsoConnectionRequest(
            connection=sso_pb2.SsoConnection(name=name, **fields)
        )
        request.update_mask.paths.extend(paths)
        return await self.stub.UpdateSsoConnection(request, metadata=self._metadata)

    async def delete(self, name: str) -> None:
        request = sso_service_pb2.DeleteSsoConnectionRequest(name=name)
        await self.stub.DeleteSsoConnection(request, metadata=self._metadata)

    async def add(self, name: str, domain: str) -> sso_pb2.SsoConnection:
        request = sso_service_pb2.AddSsoDomainRequest(name=name, domain=domain)
        return await self.stub.AddSsoDomain(request, metadata=self._metadata)

    async def verify(self, name: str, domain: str) -> sso_pb2.SsoConnection:
        request = sso_service_pb2.VerifySsoDomainRequest(name=name, domain=domain)
        return await self.stub.VerifySsoDomain(request, metadata=self._metadata)

    async def remove(self, name: str, domain: str) -> sso_pb2.SsoConnection:
        request = sso_service_pb2.RemoveSsoDomainRequest(name=name, domain=domain)
        return await self.stub.RemoveSsoDomain(request, metadata=self._metadata)

    async def own(self, name: str, domain: str, records: Records) -> sso_pb2.SsoConnection:
        """Adds the domain, publishes its record, and verifies it."""
        added = await self.add(name, domain)
        item = next(item for item in added.domains if item.domain == domain)
        records.put(item.txt_name, item.txt_value)
        return await self.verify(name, domain)

    async def start(self, email: str = "", organization: str = "", path: str = "") -> Any:
        hint = {"email": email} if email else {"organization": organization}
        return await self.stub.StartSso(sso_service_pb2.StartSsoRequest(**hint, return_path=path))

    async def finish(self, back: Back, browser_token: str, **different: str) -> Any:
        asked = {"state": back.state, "code": back.code, "issuer": back.issuer, **different}
        request = sso_service_pb2.FinishSsoRequest(browser_token=browser_token, **asked)
        return await self.stub.FinishSso(request)

    async def sign_in(self, person: Person, **different: str) -> Any:
        """All the way, as a browser goes it."""
        started = await self.start(person.email)
        return await self.finish(await chosen(started, person), started.browser_token, **different)


@dataclass(frozen=True)
class Back:
    """What a browser comes back from a provider with."""

    state: str = field(repr=False)
    code: str = field(repr=False)
    issuer: str


async def chosen(started: Any, person: Person, **changed: str) -> Back:
    """Opens the provider's page and chooses the person on it; `changed` are parameters of the request."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        url = httpx.URL(started.authorization_url).copy_merge_params(changed)
        page = await browser.get(url)
        fields = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page.text)
        assert f'value="{person.subject}"' in page.text, page.text
        form = {unescape(name): unescape(value) for name, value in fields} | {"person": person.subject}
        answer = await browser.get(url.copy_with(query=None), params=form)
    assert answer.headers["location"].startswith(CALLBACK)
    given = asked_in(answer.headers["location"])
    return Back(given["state"], given["code"], given.get("iss", ""))


def asked_in(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
