"""AuthService over gRPC: messages in, messages out, the rules elsewhere."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.api import httpbody_pb2
from google.protobuf import json_format

from auth_service import messages
from auth_service.client import client_of
from auth_service.directory.me import me
from auth_service.factors.model import Asked, Assertion, Proof, RecoveryCode, TotpCode
from auth_service.keys.keyring import Keyring
from auth_service.organizations.service import Organizations, Registration
from auth_service.sessions.second_step import SecondStep
from auth_service.sessions.service import Sessions
from auth_service.sessions.stepping_up import SteppingUp
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class AuthHandlers(auth_service_pb2_grpc.AuthServiceServicer):
    """The methods of `bloom.auth.v1.AuthService`."""

    postgres: Postgres
    keyring: Keyring
    organizations: Organizations
    sessions: Sessions
    second_step: SecondStep
    stepping_up: SteppingUp

    async def RegisterOrganization(  # noqa: N802
        self, request: auth_service_pb2.RegisterOrganizationRequest, context: Context
    ) -> auth_service_pb2.RegisterOrganizationResponse:
        asked = Registration(
            display_name=request.display_name,
            email=request.email,
            owner_display_name=request.owner_display_name,
            password=request.password,
            client=client_of(context),
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
        answer = await self.sessions.login(request.email, request.password, client_of(context))
        if isinstance(answer, Asked):
            return auth_service_pb2.LoginResponse(challenge=messages.challenge(answer))
        return auth_service_pb2.LoginResponse(
            tokens=messages.tokens(answer.tokens), user=messages.user(answer.user)
        )

    async def CompleteLogin(  # noqa: N802
        self, request: auth_service_pb2.CompleteLoginRequest, context: Context
    ) -> auth_service_pb2.CompleteLoginResponse:
        answer = await self.second_step.complete(
            request.challenge_token, _proof_of(request), client_of(context)
        )
        return auth_service_pb2.CompleteLoginResponse(
            tokens=messages.tokens(answer.tokens), user=messages.user(answer.user)
        )

    async def StartPasskeyLogin(  # noqa: N802
        self, request: auth_service_pb2.StartPasskeyLoginRequest, context: Context
    ) -> auth_service_pb2.StartPasskeyLoginResponse:
        asked = await self.second_step.ask_anybody()
        return auth_service_pb2.StartPasskeyLoginResponse(challenge=messages.challenge(asked))

    async def StartStepUp(  # noqa: N802
        self, request: auth_service_pb2.StartStepUpRequest, context: Context
    ) -> auth_service_pb2.StartStepUpResponse:
        asked = await self.stepping_up.ask(current_identity.get())
        return auth_service_pb2.StartStepUpResponse(challenge=messages.challenge(asked))

    async def StepUp(  # noqa: N802
        self, request: auth_service_pb2.StepUpRequest, context: Context
    ) -> auth_service_pb2.StepUpResponse:
        identity = current_identity.get()
        if request.WhichOneof("proof") == "password":
            tokens = await self.stepping_up.by_password(identity, request.password, client_of(context))
        else:
            tokens = await self.stepping_up.by_factor(identity, _proof_of(request), request.challenge_token)
        return auth_service_pb2.StepUpResponse(tokens=messages.tokens(tokens))

    async def RefreshToken(  # noqa: N802
        self, request: auth_service_pb2.RefreshTokenRequest, context: Context
    ) -> auth_service_pb2.RefreshTokenResponse:
        tokens = await self.sessions.refresh(request.refresh_token, client_of(context))
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
        organization, caller, verified = await me(self.postgres, identity)
        return auth_service_pb2.GetMeResponse(
            subject=identity.subject,
            organization=messages.organization(organization),
            email=caller.email,
            display_name=caller.display_name,
            roles=caller.roles,
            permissions=sorted(identity.permissions | identity.conditional.permissions),
            email_verified=verified,
        )

    async def GetJwks(  # noqa: N802
        self, request: auth_service_pb2.GetJwksRequest, context: Context
    ) -> httpbody_pb2.HttpBody:
        return httpbody_pb2.HttpBody(content_type="application/json", data=await self.keyring.published())


def _proof_of(request: auth_service_pb2.CompleteLoginRequest | auth_service_pb2.StepUpRequest) -> Proof:
    """The schema lets no request come without one."""
    match request.WhichOneof("proof"):
        case "totp_code":
            return TotpCode(request.totp_code)
        case "recovery_code":
            return RecoveryCode(request.recovery_code)
        case _:
            return Assertion(json_format.MessageToDict(request.passkey))
