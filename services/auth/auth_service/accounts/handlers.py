"""AccountService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc

from auth_service.accounts.service import Accounts
from auth_service.client import client_of
from bloom.auth.v1 import account_service_pb2 as messages
from bloom.auth.v1 import account_service_pb2_grpc
from service_runtime.identity import current_identity

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class AccountHandlers(account_service_pb2_grpc.AccountServiceServicer):
    """The methods of `bloom.auth.v1.AccountService`."""

    accounts: Accounts

    async def RequestPasswordReset(  # noqa: N802
        self, request: messages.RequestPasswordResetRequest, context: Context
    ) -> messages.RequestPasswordResetResponse:
        await self.accounts.request_reset(request.email, client_of(context))
        return messages.RequestPasswordResetResponse()

    async def ResetPassword(  # noqa: N802
        self, request: messages.ResetPasswordRequest, context: Context
    ) -> messages.ResetPasswordResponse:
        await self.accounts.reset(request.token, request.password)
        return messages.ResetPasswordResponse()

    async def ChangePassword(  # noqa: N802
        self, request: messages.ChangePasswordRequest, context: Context
    ) -> messages.ChangePasswordResponse:
        identity, client = current_identity.get(), client_of(context)
        await self.accounts.change(identity, request.current_password, request.password, client)
        return messages.ChangePasswordResponse()

    async def RequestEmailVerification(  # noqa: N802
        self, request: messages.RequestEmailVerificationRequest, context: Context
    ) -> messages.RequestEmailVerificationResponse:
        await self.accounts.request_verification(current_identity.get(), client_of(context))
        return messages.RequestEmailVerificationResponse()

    async def VerifyEmail(  # noqa: N802
        self, request: messages.VerifyEmailRequest, context: Context
    ) -> messages.VerifyEmailResponse:
        await self.accounts.verify(request.token)
        return messages.VerifyEmailResponse()
