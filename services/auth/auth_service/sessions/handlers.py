"""AuthService over gRPC: messages in, messages out, the rules elsewhere."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.api import httpbody_pb2

from auth_service import messages
from auth_service.directory.me import me
from auth_service.keys.keyring import Keyring
from auth_service.organizations.service import Organizations, Registration
from auth_service.sessions.model import Client
from auth_service.sessions.service import Sessions
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
# Set by the edge, which takes what a caller says of it away.
_ADDRESS = "x-envoy-external-address"


@dataclass(frozen=True, slots=True)
class AuthHandlers(auth_service_pb2_grpc.AuthServiceServicer):
    """The methods of `bloom.auth.v1.AuthService`."""

    postgres: Postgres
    keyring: Keyring
    organizations: Organizations
    sessions: Sessions

    async def RegisterOrganization(  # noqa: N802
        self, request: auth_service_pb2.RegisterOrganizationRequest, context: Context
    ) -> auth_service_pb2.RegisterOrganizationResponse:
        asked = Registration(
            display_name=request.display_name,
            email=request.email,
            owner_display_name=request.owner_display_name,
            password=request.password,
            client=_client(context),
        )
        organization, owner, tokens = await self.organizations.register(asked)
        return auth_service_pb2.RegisterOrganizationResponse(
            organization=messages.organization(organization),
            owner=messages.user(owner),
            tokens=messages.tokens(tokens),
        )

    async def Login(  # noqa: N802
        self, request: auth_service_pb2.LoginRequest, context: Context
    ) -> auth_service_pb2.LoginResponse:
        user, tokens = await self.sessions.login(request.email, request.password, _client(context))
        return auth_service_pb2.LoginResponse(tokens=messages.tokens(tokens), user=messages.user(user))

    async def RefreshToken(  # noqa: N802
        self, request: auth_service_pb2.RefreshTokenRequest, context: Context
    ) -> auth_service_pb2.RefreshTokenResponse:
        tokens = await self.sessions.refresh(request.refresh_token, _client(context))
        return auth_service_pb2.RefreshTokenResponse(tokens=messages.tokens(tokens))

    async def Logout(  # noqa: N802
        self, request: auth_service_pb2.LogoutRequest, context: Context
    ) -> auth_service_pb2.LogoutResponse:
        await self.sessions.logout(request.refresh_token)
        return auth_service_pb2.LogoutResponse()

    async def GetMe(  # noqa: N802
        self, request: auth_service_pb2.GetMeRequest, context: Context
    ) -> auth_service_pb2.GetMeResponse:
        identity = current_identity.get()
        organization, caller = await me(self.postgres, identity)
        return auth_service_pb2.GetMeResponse(
            subject=identity.subject,
            organization=messages.organization(organization),
            email=caller.email,
            display_name=caller.display_name,
            roles=caller.roles,
            permissions=sorted(identity.permissions),
        )

    async def GetJwks(  # noqa: N802
        self, request: auth_service_pb2.GetJwksRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        return httpbody_pb2.HttpBody(content_type="application/json", data=await self.keyring.published())


def _client(context: Context) -> Client:
    told = dict(context.invocation_metadata() or ())
    return Client(_text(told.get("user-agent", "")), _text(told.get(_ADDRESS, "")))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="replace")
