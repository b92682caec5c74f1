"""TokenService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc

from auth_service import messages
from auth_service.api_keys.exchange import KeyExchange
from auth_service.tokens.service import Grants
from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.identity import current_identity

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class TokenHandlers(auth_service_pb2_grpc.TokenServiceServicer):
    """The methods of `bloom.auth.v1.TokenService`."""

    grants: Grants
    keys: KeyExchange

    async def IssueToken(  # noqa: N802
        self, request: auth_service_pb2.IssueTokenRequest, context: Context
    ) -> auth_service_pb2.IssueTokenResponse:
        if request.api_key:
            tokens = await self.keys.issue(request.api_key)
        else:
            tokens = await self.grants.issue(request.client_id, request.client_secret)
        return auth_service_pb2.IssueTokenResponse(tokens=messages.tokens(tokens))

    async def ExchangeToken(  # noqa: N802
        self, request: auth_service_pb2.ExchangeTokenRequest, context: Context
    ) -> auth_service_pb2.ExchangeTokenResponse:
        workload = current_identity.get().workload
        tokens = await self.grants.exchange(workload, request.subject, request.organization)
        return auth_service_pb2.ExchangeTokenResponse(tokens=messages.tokens(tokens))
