"""The process of the pages over a real auth service, PostgreSQL and Valkey; and a browser's part of HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
import redis.asyncio

from auth_service.application import application as auth_application
from auth_service.settings import AuthSettings
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.server import running
from web_gateway.application import application
from web_gateway.settings import WebSettings

PASSWORD = "correct-horse-battery-9"
ORIGIN = "http://localhost:3001"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Pages:
    """The running process, what stands behind it, and how to sign in there."""

    client: httpx.AsyncClient
    auth: auth_service_pb2_grpc.AuthServiceAsyncStub
    valkey: redis.asyncio.Redis
    settings: WebSettings

    async def registered(self) -> str:
        """The e-mail of a new person."""
        request = auth_service_pb2.RegisterOrganizationRequest(
            display_name="Lakeside Hospital", email=f"{uuid4().hex[:12]}@mail.example", password=PASSWORD
        )
        return str((await self.auth.RegisterOrganization(request)).owner.email)

    async def signed_in(self) -> Visitor:
        visitor = Visitor(self)
        answer = await visitor.sign_in(await self.registered())
        assert answer.status_code == 303, answer.text
        return visitor


@dataclass
class Visitor:
    """A browser: it keeps cookies, and says which page a form was on."""

    pages: Pages
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def session(self) -> str:
        return self.cookies.get("__Host-bloom-session", "")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self._send("GET", path, headers)

    async def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """As a form of ours; `headers` may say otherwise, or with an empty text nothing."""
        told = {name: value for name, value in ({"origin": ORIGIN} | headers).items() if value}
        return await self._send("POST", path, told, data=fields)

    async def csrf(self, path: str) -> str:
        """Of the first form on a page."""
        found = _CSRF.search((await self.get(path)).text)
        assert found
        return found[1]

    async def sign_in(self, email: str, password: str = PASSWORD, **headers: str) -> httpx.Response:
        fields = {"email": email, "password": password, "csrf": await self.csrf("/account/sign-in")}
        return await self.post("/account/sign-in", fields, **headers)

    async def handed_over(self, method: str = "GET", path: str = "/v1/me", **headers: str) -> httpx.Response:
        """As Envoy asks."""
        return await self._send(method, f"/handover{path}", headers)

    async def _send(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = {name.replace("_", "-"): value for name, value in headers.items()} | {"cookie": sent}
        answer = await self.pages.client.request(method, path, headers=told, **more)
        for given in answer.headers.get_list("set-cookie"):
            name, _, value = given.partition(";")[0].partition("=")
            gone = "Max-Age=0" in given
            self.cookies.pop(name, None)
            if not gone:
                self.cookies[name] = value
        return answer


@pytest.fixture
async def pages(databases: Any, valkey_url: str) -> AsyncIterator[Pages]:
    async with AsyncExitStack() as stack:
        auth_settings = AuthSettings.model_validate(
            {
                "database_url": databases.app("auth"),
                "listen_address": "127.0.0.1:0",
                "jwt_secret": databases.credentials.jwt,
                "hashing_threads": 2,
                "drain_seconds": 0,
                "revocation_seconds": 0.05,
                "redis_url": valkey_url,
                "sign_in_address_tries": 1_000_000,
                "sign_in_all_tries": 1_000_000,
                "mail_seconds": 60,
                "public_url": ORIGIN,
            }
        )
        parts = await stack.enter_async_context(auth_application(auth_settings))
        live = await stack.enter_async_context(running(auth_settings, parts))
        address = f"127.0.0.1:{live.port}"
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        settings = WebSettings.model_validate(
            {
                "web_address": "127.0.0.1:1",
                "auth_address": address,
                "redis_url": valkey_url,
                "public_url": ORIGIN,
            }
        )
        app = await stack.enter_async_context(application(settings))
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, timeout=20)
        )
        valkey = await stack.enter_async_context(redis.asyncio.Redis.from_url(valkey_url))
        yield Pages(client, auth_service_pb2_grpc.AuthServiceStub(channel), valkey, settings)
