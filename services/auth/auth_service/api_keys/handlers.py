"""ApiKeyService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages, roles
from auth_service.api_keys import service
from auth_service.api_keys.service import NewKey
from bloom.auth.v1 import api_key_pb2, api_key_service_pb2, api_key_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class ApiKeyHandlers(api_key_service_pb2_grpc.ApiKeyServiceServicer):
    """The methods of `bloom.auth.v1.ApiKeyService`."""

    postgres: Postgres

    async def CreateApiKey(  # noqa: N802
        self, request: api_key_service_pb2.CreateApiKeyRequest, context: Context
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        new = NewKey(
            owner=request.owner,
            display_name=request.display_name,
            scopes=roles.ordered_permissions(request.scopes),
            ttl=request.ttl.ToTimedelta(),
        )
        key, text = await service.create(self.postgres, current_identity.get(), new)
        return api_key_service_pb2.CreateApiKeyResponse(api_key=messages.api_key(key), key=text)

    async def GetApiKey(  # noqa: N802
        self, request: api_key_service_pb2.GetApiKeyRequest, context: Context
    ) -> api_key_pb2.ApiKey:
        return messages.api_key(await service.get(self.postgres, current_identity.get(), request.name))

    async def ListApiKeys(  # noqa: N802
        self, request: api_key_service_pb2.ListApiKeysRequest, context: Context
    ) -> api_key_service_pb2.ListApiKeysResponse:
        found, next_token = await service.page(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return api_key_service_pb2.ListApiKeysResponse(
            api_keys=[messages.api_key(item) for item in found], next_page_token=next_token
        )

    async def DeleteApiKey(  # noqa: N802
        self, request: api_key_service_pb2.DeleteApiKeyRequest, context: Context
    ) -> empty_pb2.Empty:
        await service.delete(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()
