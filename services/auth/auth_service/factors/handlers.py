"""FactorService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format

from auth_service import messages
from auth_service.factors import totp
from auth_service.factors.service import Factors
from bloom.auth.v1 import factor_service_pb2, factor_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.timestamps import timestamp

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class FactorHandlers(factor_service_pb2_grpc.FactorServiceServicer):
    """The methods of `bloom.auth.v1.FactorService`."""

    factors: Factors

    async def ListFactors(  # noqa: N802
        self, request: factor_service_pb2.ListFactorsRequest, context: Context
    ) -> factor_service_pb2.ListFactorsResponse:
        found, left = await self.factors.all(current_identity.get())
        return factor_service_pb2.ListFactorsResponse(
            factors=[messages.factor(item) for item in found], recovery_codes_left=left
        )

    async def StartTotpEnrolment(  # noqa: N802
        self, request: factor_service_pb2.StartTotpEnrolmentRequest, context: Context
    ) -> factor_service_pb2.StartTotpEnrolmentResponse:
        made, secret, uri = await self.factors.start_totp(current_identity.get(), request.display_name)
        return factor_service_pb2.StartTotpEnrolmentResponse(
            factor=messages.factor(made), secret=totp.in_letters(secret), otpauth_uri=uri
        )

    async def ConfirmTotpEnrolment(  # noqa: N802
        self, request: factor_service_pb2.ConfirmTotpEnrolmentRequest, context: Context
    ) -> factor_service_pb2.ConfirmTotpEnrolmentResponse:
        made, codes = await self.factors.confirm_totp(current_identity.get(), request.name, request.code)
        return factor_service_pb2.ConfirmTotpEnrolmentResponse(
            factor=messages.factor(made), recovery_codes=codes
        )

    async def StartPasskeyEnrolment(  # noqa: N802
        self, request: factor_service_pb2.StartPasskeyEnrolmentRequest, context: Context
    ) -> factor_service_pb2.StartPasskeyEnrolmentResponse:
        given, options = await self.factors.start_passkey(current_identity.get())
        return factor_service_pb2.StartPasskeyEnrolmentResponse(
            challenge_token=given.token.encoded(),
            options=messages.struct(options),
            expire_time=timestamp(given.expires_at),
        )

    async def FinishPasskeyEnrolment(  # noqa: N802
        self, request: factor_service_pb2.FinishPasskeyEnrolmentRequest, context: Context
    ) -> factor_service_pb2.FinishPasskeyEnrolmentResponse:
        made, codes = await self.factors.finish_passkey(
            current_identity.get(),
            request.challenge_token,
            json_format.MessageToDict(request.credential),
            request.display_name,
        )
        return factor_service_pb2.FinishPasskeyEnrolmentResponse(
            factor=messages.factor(made), recovery_codes=codes
        )

    async def DeleteFactor(  # noqa: N802
        self, request: factor_service_pb2.DeleteFactorRequest, context: Context
    ) -> empty_pb2.Empty:
        await self.factors.delete(current_identity.get(), request.name)
        return empty_pb2.Empty()

    async def RegenerateRecoveryCodes(  # noqa: N802
        self, request: factor_service_pb2.RegenerateRecoveryCodesRequest, context: Context
    ) -> factor_service_pb2.RegenerateRecoveryCodesResponse:
        codes = await self.factors.new_codes(current_identity.get())
        return factor_service_pb2.RegenerateRecoveryCodesResponse(recovery_codes=codes)
