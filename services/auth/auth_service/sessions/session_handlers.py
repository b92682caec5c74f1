"""SessionService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages
from auth_service.sessions import ending
from bloom.auth.v1 import session_service_pb2, session_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class SessionHandlers(session_service_pb2_grpc.SessionServiceServicer):
    """The methods of `bloom.auth.v1.SessionService`. A program and an API key have no sessions."""

    postgres: Postgres

    async def ListSessions(  # noqa: N802
        self, request: session_service_pb2.ListSessionsRequest, context: Context
    ) -> session_service_pb2.ListSessionsResponse:
        identity = current_identity.get()
        if not identity.session_id:
            return session_service_pb2.ListSessionsResponse()
        shown, next_token = await self._page(identity.subject, request)
        return session_service_pb2.ListSessionsResponse(sessions=shown, next_page_token=next_token)

    async def DeleteSession(  # noqa: N802
        self, request: session_service_pb2.DeleteSessionRequest, context: Context
    ) -> empty_pb2.Empty:
        await ending.end_own(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()

    async def EndSessions(  # noqa: N802
        self, request: session_service_pb2.EndSessionsRequest, context: Context
    ) -> session_service_pb2.EndSessionsResponse:
        ended = await ending.end_all_own(
            self.postgres, current_identity.get(), keep_current=request.keep_current
        )
        return session_service_pb2.EndSessionsResponse(ended=ended)

    async def ListUserSessions(  # noqa: N802
        self, request: session_service_pb2.ListUserSessionsRequest, context: Context
    ) -> session_service_pb2.ListUserSessionsResponse:
        shown, next_token = await self._page(request.user, request)
        return session_service_pb2.ListUserSessionsResponse(sessions=shown, next_page_token=next_token)

    async def EndUserSessions(  # noqa: N802
        self, request: session_service_pb2.EndUserSessionsRequest, context: Context
    ) -> session_service_pb2.EndUserSessionsResponse:
        ended = await ending.end_all_of(self.postgres, current_identity.get(), request.user)
        return session_service_pb2.EndUserSessionsResponse(ended=ended)

    async def _page(
        self,
        user: str,
        request: session_service_pb2.ListSessionsRequest | session_service_pb2.ListUserSessionsRequest,
    ) -> tuple[list[session_service_pb2.Session], str]:
        identity = current_identity.get()
        found, next_token = await ending.page(
            self.postgres, identity, user, size=request.page_size, token=request.page_token
        )
        own = identity.session_id
        return [messages.session(item, current=str(item.id) == own) for item in found], next_token
