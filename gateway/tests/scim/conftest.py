"""The SCIM process over a real auth service and PostgreSQL, and what identity providers do to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import httpx
import pytest
import uvicorn

from auth_service.application import application as auth_application
from auth_service.settings import AuthSettings
from bloom.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    auth_pb2,
    auth_service_pb2,
    auth_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    provisioning_service_pb2,
    provisioning_service_pb2_grpc,
)
from bloom.options.v1 import policy_pb2
from scim_gateway.application import application
from scim_gateway.settings import ScimSettings
from service_runtime.server import running

PASSWORD = "correct-horse-battery-9"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PROVISION = policy_pb2.PERMISSION_DIRECTORY_PROVISION


@dataclass(frozen=True)
class Organization:
    """One with its owner signed in, and an API key for its identity provider."""

    service: Service
    owner: auth_pb2.User
    token: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)

    @property
    def owner_id(self) -> str:
        return self.owner.name.rpartition("/")[2]

    def client(self, bearer: str = "") -> httpx.AsyncClient:
        """As the identity provider."""
        headers = {"authorization": f"Bearer {bearer or self.key}", "content-type": "application/scim+json"}
        return httpx.AsyncClient(base_url=self.service.url, headers=headers, timeout=20)

    async def another_key(self, *scopes: int) -> str:
        request = api_key_service_pb2.CreateApiKeyRequest(
            owner=self.owner.name, display_name="Key", scopes=scopes
        )
        stub = api_key_service_pb2_grpc.ApiKeyServiceStub(self.service.channel)
        return str((await stub.CreateApiKey(request, metadata=self.metadata)).key)

    async def colleague(self, role: int, email: str = "") -> auth_pb2.User:
        """A user with a password, made by hand."""
        user = auth_pb2.User(email=email or address(), roles=[role])
        request = directory_service_pb2.CreateUserRequest(user=user, password=PASSWORD)
        stub = directory_service_pb2_grpc.DirectoryServiceStub(self.service.channel)
        return await stub.CreateUser(request, metadata=self.metadata)

    async def map(self, group_id: str, *roles: int) -> provisioning_service_pb2.Group:
        """What an administrator says that a group brings."""
        request = provisioning_service_pb2.SetGroupRolesRequest(name=f"groups/{group_id}", roles=roles)
        stub = provisioning_service_pb2_grpc.ProvisioningServiceStub(self.service.channel)
        return await stub.SetGroupRoles(request, metadata=self.metadata)


@dataclass(frozen=True)
class Service:
    """A running SCIM process and the auth service behind it."""

    url: str
    auth_address: str
    channel: grpc.aio.Channel
    superuser: str = field(repr=False)

    async def organization(self) -> Organization:
        request = auth_service_pb2.RegisterOrganizationRequest(
            display_name="Lakeside Hospital", email=address(), password=PASSWORD
        )
        stub = auth_service_pb2_grpc.AuthServiceStub(self.channel)
        made = await stub.RegisterOrganization(request)
        bare = Organization(self, made.owner, made.tokens.access_token, "")
        key = await bare.another_key(PROVISION)
        return Organization(self, made.owner, made.tokens.access_token, key)

    async def login(self, email: str) -> str:
        """An access token."""
        stub = auth_service_pb2_grpc.AuthServiceStub(self.channel)
        answer = await stub.Login(auth_service_pb2.LoginRequest(email=email, password=PASSWORD))
        return str(answer.tokens.access_token)

    async def me(self, token: str) -> auth_service_pb2.GetMeResponse:
        stub = auth_service_pb2_grpc.AuthServiceStub(self.channel)
        metadata = (("authorization", f"Bearer {token}"),)
        return await stub.GetMe(auth_service_pb2.GetMeRequest(), metadata=metadata)

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """What the superuser finds."""
        connection = await asyncpg.connect(self.superuser)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()


def address() -> str:
    """An e-mail that nobody has."""
    return f"{uuid4().hex[:12]}@mail.example"


def person(**fields: object) -> dict[str, object]:
    """The least that makes a user."""
    return {"schemas": [USER], "userName": address(), "active": True, **fields}


def team(**fields: object) -> dict[str, object]:
    """The least that makes a group."""
    return {"schemas": [GROUP], "displayName": "Finance", **fields}


def patch(*operations: dict[str, object]) -> dict[str, object]:
    """Operations as a PATCH carries them."""
    return {"schemas": [PATCH], "Operations": list(operations)}


@asynccontextmanager
async def serving(settings: ScimSettings, listener: socket.socket) -> AsyncIterator[None]:
    """The SCIM process's application in this loop."""
    async with application(settings) as app:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def auth_settings(databases: Any) -> AuthSettings:
    return AuthSettings.model_validate(
        {
            "database_url": databases.app("auth"),
            "listen_address": "127.0.0.1:0",
            "jwt_secret": databases.credentials.jwt,
            "hashing_threads": 2,
            "drain_seconds": 0,
            "revocation_seconds": 60,
            "sign_in_address_tries": 1_000_000,
            "sign_in_all_tries": 1_000_000,
        }
    )


@pytest.fixture
async def service(auth_settings: AuthSettings, databases: Any) -> AsyncIterator[Service]:
    superuser = databases.cluster.dsn("postgres", databases.credentials.postgres, "auth")
    # By its protocol asyncio knows that small answers must not wait for each other.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        async with (
            auth_application(auth_settings) as parts,
            running(auth_settings, parts) as live,
            grpc.aio.insecure_channel(f"127.0.0.1:{live.port}") as channel,
        ):
            settings = ScimSettings(
                scim_address=f"127.0.0.1:{port}",
                auth_address=f"127.0.0.1:{live.port}",
                public_url=f"http://127.0.0.1:{port}",
                max_scim_body_bytes=64 * 1024,
            )
            async with serving(settings, listener):
                yield Service(settings.base_url, settings.auth_address, channel, superuser)


@pytest.fixture
async def organization(service: Service) -> Organization:
    return await service.organization()


@pytest.fixture
async def provider(organization: Organization) -> AsyncIterator[httpx.AsyncClient]:
    """The organization's identity provider."""
    async with organization.client() as client:
        yield client


@pytest.fixture
def make() -> Callable[..., dict[str, object]]:
    return person
