"""The auth service on a real server and PostgreSQL, and what its callers do."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import argon2
import asyncpg
import grpc
import pytest
from asyncpg.pool import PoolConnectionProxy
from joserfc import jwt
from joserfc.jwk import KeySet

from auth_service.application import application
from auth_service.keys.wrapping import MAIL, KeyWrap
from auth_service.mail.folder import Folder
from auth_service.mail.relay import Relay
from auth_service.passwords.hashing import Passwords
from auth_service.roles import Role
from auth_service.settings import AuthSettings
from bloom.auth.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    auth_pb2,
    auth_service_pb2,
    auth_service_pb2_grpc,
    directory_service_pb2,
    directory_service_pb2_grpc,
    invitation_service_pb2_grpc,
    membership_service_pb2_grpc,
    role_pb2,
    role_service_pb2,
    role_service_pb2_grpc,
)
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres
from service_runtime.server import running

PASSWORD = "correct-horse-battery-9"
WORKLOAD_SECRET = "only-contracts-knows-this-one"


@dataclass(frozen=True)
class Caller:
    """Somebody with an access token; calls any method as itself."""

    mesh: Mesh
    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    name: str = ""
    organization: str = ""
    email: str = ""
    password: str = field(default=PASSWORD, repr=False)

    @property
    def org_id(self) -> UUID:
        return UUID(self.organization.rpartition("/")[2])

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.access_token}"),)

    async def create_user(
        self,
        *roles: Role,
        email: str = "",
        password: str = PASSWORD,
        request_id: str = "",
        display_name: str = "",
        custom: tuple[str, ...] = (),
    ) -> auth_pb2.User:
        user = auth_pb2.User(
            email=email or address(), roles=roles, display_name=display_name, custom_roles=custom
        )
        request = directory_service_pb2.CreateUserRequest(user=user, password=password, request_id=request_id)
        return await self.mesh.directory.CreateUser(request, metadata=self.metadata)

    async def update_user(self, user: auth_pb2.User, *paths: str) -> auth_pb2.User:
        request = directory_service_pb2.UpdateUserRequest(user=user)
        request.update_mask.paths.extend(paths)
        return await self.mesh.directory.UpdateUser(request, metadata=self.metadata)

    async def get_user(self, name: str) -> auth_pb2.User:
        request = directory_service_pb2.GetUserRequest(name=name)
        return await self.mesh.directory.GetUser(request, metadata=self.metadata)

    async def create_service_account(
        self, *roles: Role, custom: tuple[str, ...] = ()
    ) -> directory_service_pb2.CreateServiceAccountResponse:
        request = directory_service_pb2.CreateServiceAccountRequest(
            display_name="Robot", roles=roles, custom_roles=custom
        )
        return await self.mesh.directory.CreateServiceAccount(request, metadata=self.metadata)

    async def create_role(self, *permissions: str) -> role_pb2.CustomRole:
        request = role_service_pb2.CreateRoleRequest(display_name="Made", permissions=numbers(permissions))
        return await self.mesh.roles.CreateRole(request, metadata=self.metadata)

    async def grant(self, user: str, *custom: str) -> auth_pb2.User:
        return await self.update_user(auth_pb2.User(name=user, custom_roles=custom), "custom_roles")

    async def create_key(
        self, *scopes: str, owner: str = "", seconds: int = 0
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        request = api_key_service_pb2.CreateApiKeyRequest(
            owner=owner or self.name, display_name="Key", scopes=numbers(scopes)
        )
        if seconds:
            request.ttl.FromSeconds(seconds)
        return await self.mesh.api_keys.CreateApiKey(request, metadata=self.metadata)

    async def me(self) -> auth_service_pb2.GetMeResponse:
        return await self.mesh.auth.GetMe(auth_service_pb2.GetMeRequest(), metadata=self.metadata)


@dataclass(frozen=True)
class Mesh:
    """Stubs of a running auth service, and its database as the superuser sees it."""

    settings: AuthSettings
    address: str
    channel: grpc.aio.Channel
    superuser: str = field(repr=False)

    @property
    def auth(self) -> auth_service_pb2_grpc.AuthServiceAsyncStub:
        return auth_service_pb2_grpc.AuthServiceStub(self.channel)

    @property
    def accounts(self) -> account_service_pb2_grpc.AccountServiceAsyncStub:
        return account_service_pb2_grpc.AccountServiceStub(self.channel)

    @property
    def invitations(self) -> invitation_service_pb2_grpc.InvitationServiceAsyncStub:
        return invitation_service_pb2_grpc.InvitationServiceStub(self.channel)

    @property
    def memberships(self) -> membership_service_pb2_grpc.MembershipServiceAsyncStub:
        return membership_service_pb2_grpc.MembershipServiceStub(self.channel)

    @property
    def tokens(self) -> auth_service_pb2_grpc.TokenServiceAsyncStub:
        return auth_service_pb2_grpc.TokenServiceStub(self.channel)

    @property
    def directory(self) -> directory_service_pb2_grpc.DirectoryServiceAsyncStub:
        return directory_service_pb2_grpc.DirectoryServiceStub(self.channel)

    @property
    def api_keys(self) -> api_key_service_pb2_grpc.ApiKeyServiceAsyncStub:
        return api_key_service_pb2_grpc.ApiKeyServiceStub(self.channel)

    @property
    def roles(self) -> role_service_pb2_grpc.RoleServiceAsyncStub:
        return role_service_pb2_grpc.RoleServiceStub(self.channel)

    async def register(self, **fields: str) -> Caller:
        """A new organization's owner."""
        email = fields.get("email") or address()
        asked = {"display_name": "Lakeside Hospital", "email": email, "password": PASSWORD, **fields}
        made = await self.auth.RegisterOrganization(auth_service_pb2.RegisterOrganizationRequest(**asked))
        return Caller(
            self, made.tokens.access_token, made.tokens.refresh_token,
            made.owner.name, made.organization.name, email, asked["password"],
        )  # fmt: skip

    async def login(self, email: str, password: str = PASSWORD) -> Caller:
        request = auth_service_pb2.LoginRequest(email=email, password=password)
        answer = await self.auth.Login(request)
        organization = (await self.claims(answer.tokens.access_token))["org"]
        return Caller(
            self, answer.tokens.access_token, answer.tokens.refresh_token,
            answer.user.name, f"organizations/{organization}", email, password,
        )  # fmt: skip

    async def member(self, owner: Caller, *roles: Role) -> Caller:
        """A new user of the owner's organization, signed in."""
        user = await owner.create_user(*roles)
        return await self.login(user.email)

    async def refresh(self, token: str, channel: grpc.aio.Channel | None = None) -> auth_pb2.TokenPair:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel or self.channel)
        answer = await stub.RefreshToken(auth_service_pb2.RefreshTokenRequest(refresh_token=token))
        return answer.tokens

    async def logout(self, token: str) -> None:
        await self.auth.Logout(auth_service_pb2.LogoutRequest(refresh_token=token))

    async def issue(self, client_id: str, secret: str) -> auth_pb2.TokenPair:
        request = auth_service_pb2.IssueTokenRequest(client_id=client_id, client_secret=secret)
        return (await self.tokens.IssueToken(request)).tokens

    async def with_key(self, key: str) -> Caller:
        """The owner of an API key, as far as the key reaches."""
        request = auth_service_pb2.IssueTokenRequest(api_key=key)
        token = (await self.tokens.IssueToken(request)).tokens.access_token
        claims = await self.claims(token)
        return Caller(self, token, name=claims["sub"], organization=f"organizations/{claims['org']}")

    async def waiting(self, count: int = 1) -> None:
        """Returns when so many statements wait for a lock."""
        query = """SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                   AND datname = current_database()"""
        async with asyncio.timeout(10):
            while len(await self.rows(query)) < count:  # noqa: ASYNC110 nobody tells of a lock unasked
                await asyncio.sleep(0.01)

    async def exchange(self, subject: str, organization: str, workload_token: str) -> auth_pb2.TokenPair:
        request = auth_service_pb2.ExchangeTokenRequest(subject=subject, organization=organization)
        answer = await self.tokens.ExchangeToken(request, metadata=(("x-bloom-workload", workload_token),))
        return answer.tokens

    async def mails(self, email: str) -> list[Letter]:
        """What has come to an e-mail, oldest first."""
        folder = self.settings.mail_folder
        assert folder is not None
        postgres = await Postgres.connect(str(self.settings.database_url), size=1)
        relay = Relay(postgres, KeyWrap(self.settings.jwt_secret, MAIL), Folder(folder))
        while await relay.send_next():
            pass
        await postgres.close()
        found = sorted(map(_letter, folder.glob("*.json")), key=lambda letter: letter.sent_at)
        return [letter for letter in found if letter.to == email]

    async def token_of(self, email: str, page: str) -> str:
        """From the newest link to this page that has come to an e-mail."""
        links = [letter.link for letter in await self.mails(email) if f"/{page}?" in letter.link]
        return links[-1].partition("token=")[2]

    async def verified(self, caller: Caller) -> Caller:
        """The same, who has followed the link that was sent at the beginning."""
        token = await self.token_of(caller.email, "verify")
        await self.accounts.VerifyEmail(account_service_pb2.VerifyEmailRequest(token=token))
        return caller

    async def claims(self, token: str) -> dict[str, Any]:
        """The claims, verified with the published keys."""
        return dict((await self.decoded(token)).claims)

    async def decoded(self, token: str) -> Any:
        body = await self.auth.GetJwks(auth_service_pb2.GetJwksRequest())
        return jwt.decode(token, KeySet.import_key_set(json.loads(body.data)), algorithms=["ES256"])

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """The superuser's, open until the block ends."""
        connection = await asyncpg.connect(self.superuser)
        try:
            async with connection.transaction():
                yield connection
        finally:
            await connection.close()

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        """What the superuser finds, for whom row-level security does not exist."""
        connection = await asyncpg.connect(self.superuser)
        try:
            return await connection.fetch(query, *arguments)
        finally:
            await connection.close()

    async def audited(self, org_id: UUID) -> list[dict[str, Any]]:
        """The organization's audit chain, oldest first."""
        rows = await self.rows("SELECT event FROM audit_events WHERE org_id = $1 ORDER BY seq", org_id)
        return [json.loads(row["event"]) for row in rows]

    async def actions(self, org_id: UUID) -> list[str]:
        return [event["action"] for event in await self.audited(org_id)]


@dataclass(frozen=True)
class Letter:
    """A mail that has come."""

    to: str
    subject: str
    text: str
    html: str
    sent_at: str
    id: str

    @property
    def link(self) -> str:
        found = re.search(r"https?://\S+", self.text)
        return found[0] if found else ""


def _letter(path: Path) -> Letter:
    return Letter(**json.loads(path.read_text()))


def numbers(permissions: Iterable[str]) -> list[Any]:
    """`CONTRACTS_READ` as the schema counts it."""
    return [policy_pb2.Permission.Value(f"PERMISSION_{name}") for name in permissions]


def address() -> str:
    """An e-mail that nobody has."""
    return f"{uuid4().hex[:12]}@mail.example"


Refusal = Callable[[Awaitable[object]], Awaitable[DomainError]]
Start = Callable[..., AbstractAsyncContextManager[Mesh]]


@pytest.fixture
def refusal() -> Refusal:
    """Awaits a call that must be refused, and returns the refusal as the caller gets it."""

    async def refused(call: Awaitable[object]) -> DomainError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        return domain_error(caught.value, "auth")

    return refused


@pytest.fixture
def work(monkeypatch):
    """Counts hashes by their parameters and statements by their text, ids and times taken out."""
    done: Counter[str] = Counter()
    for name in ("execute", "fetch", "fetchrow", "fetchval"):
        real = getattr(PoolConnectionProxy, name)

        def counted(self, query, *arguments, real=real):
            done[re.sub(r"'[0-9a-f-]{36}'|timeout = \d+", "…", query)] += 1
            return real(self, query, *arguments)

        monkeypatch.setattr(PoolConnectionProxy, name, counted)
    matches = Passwords._matches

    def hashed(self, encoded, password):
        done[str(argon2.extract_parameters(encoded))] += 1
        return matches(self, encoded, password)

    monkeypatch.setattr(Passwords, "_matches", hashed)
    return done


@pytest.fixture
def settings_of(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AuthSettings]:
    """Settings of this cluster, with whatever a test wants different."""

    def make(**different: object) -> AuthSettings:
        return AuthSettings.model_validate(
            {
                "database_url": databases.app("auth"),
                "listen_address": "127.0.0.1:0",
                "jwt_secret": databases.credentials.jwt,
                "workload_secrets": json.dumps({"contracts": WORKLOAD_SECRET}),
                "hashing_threads": 2,
                "drain_seconds": 0,
                "mail_folder": tmp_path_factory.mktemp("mail"),
                # Mail goes out when a test looks for it.
                "mail_seconds": 60,
                # Nobody is told but at the start: some tests count what a call does.
                "revocation_seconds": 60,
                # All tests are one address, and share one database.
                "sign_in_tries": 100,
                "sign_in_address_tries": 1_000_000,
                "sign_in_all_tries": 1_000_000,
                **different,
            }
        )

    return make


@pytest.fixture
def start(settings_of: Callable[..., AuthSettings], databases: Any) -> Start:
    """Runs a server of its own; leaving the block stops it."""
    superuser = databases.cluster.dsn("postgres", databases.credentials.postgres, "auth")

    @asynccontextmanager
    async def started(**different: object) -> AsyncIterator[Mesh]:
        settings = settings_of(**different)
        async with application(settings) as parts, running(settings, parts) as live:
            where = f"127.0.0.1:{live.port}"
            async with grpc.aio.insecure_channel(where) as channel:
                yield Mesh(settings, where, channel, superuser)

    return started


@pytest.fixture
async def mesh(start: Start) -> AsyncIterator[Mesh]:
    async with start() as running_mesh:
        yield running_mesh


@pytest.fixture
async def owner(mesh: Mesh) -> Caller:
    return await mesh.register()


@pytest.fixture
def role() -> type[Any]:
    """The schema's roles by their short names."""

    class Roles:
        OWNER, ADMIN, VIEWER = policy_pb2.ROLE_OWNER, policy_pb2.ROLE_ADMIN, policy_pb2.ROLE_VIEWER
        LEGAL, FINANCE = policy_pb2.ROLE_LEGAL, policy_pb2.ROLE_FINANCE

    return Roles
