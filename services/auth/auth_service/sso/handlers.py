"""SsoService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages, names, roles
from auth_service.client import client_of
from auth_service.factors.model import Asked
from auth_service.sso.messages import sso_connection
from auth_service.sso.model import Started
from auth_service.sso.service import Changes, Connections
from auth_service.sso.signing_in import SigningIn
from bloom.auth.v1 import sso_pb2, sso_service_pb2, sso_service_pb2_grpc
from service_runtime.errors import invalid
from service_runtime.identity import current_identity

Context = grpc.aio.ServicerContext[Any, Any]
_CHANGEABLE = ("display_name", "issuer", "client_id", "client_secret", "roles", "required")


@dataclass(frozen=True, slots=True)
class SsoHandlers(sso_service_pb2_grpc.SsoServiceServicer):
    """The methods of `bloom.auth.v1.SsoService`."""

    connections: Connections
    signing_in: SigningIn

    async def CreateSsoConnection(  # noqa: N802
        self, request: sso_service_pb2.CreateSsoConnectionRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        asked = _changes(request.connection, list(_CHANGEABLE))
        return sso_connection(await self.connections.create(current_identity.get(), asked))

    async def GetSsoConnection(  # noqa: N802
        self, request: sso_service_pb2.GetSsoConnectionRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        return sso_connection(await self.connections.get(current_identity.get(), request.name))

    async def ListSsoConnections(  # noqa: N802
        self, request: sso_service_pb2.ListSsoConnectionsRequest, context: Context
    ) -> sso_service_pb2.ListSsoConnectionsResponse:
        found = await self.connections.every(current_identity.get())
        return sso_service_pb2.ListSsoConnectionsResponse(
            connections=[sso_connection(item) for item in found]
        )

    async def UpdateSsoConnection(  # noqa: N802
        self, request: sso_service_pb2.UpdateSsoConnectionRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        asked = request.connection
        changes = _changes(asked, _paths(request))
        changed = await self.connections.update(current_identity.get(), asked.name, asked.etag, changes)
        return sso_connection(changed)

    async def DeleteSsoConnection(  # noqa: N802
        self, request: sso_service_pb2.DeleteSsoConnectionRequest, context: Context
    ) -> empty_pb2.Empty:
        await self.connections.delete(current_identity.get(), request.name)
        return empty_pb2.Empty()

    async def AddSsoDomain(  # noqa: N802
        self, request: sso_service_pb2.AddSsoDomainRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        identity = current_identity.get()
        return sso_connection(await self.connections.add_domain(identity, request.name, request.domain))

    async def VerifySsoDomain(  # noqa: N802
        self, request: sso_service_pb2.VerifySsoDomainRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        identity = current_identity.get()
        return sso_connection(await self.connections.verify_domain(identity, request.name, request.domain))

    async def RemoveSsoDomain(  # noqa: N802
        self, request: sso_service_pb2.RemoveSsoDomainRequest, context: Context
    ) -> sso_pb2.SsoConnection:
        identity = current_identity.get()
        return sso_connection(await self.connections.remove_domain(identity, request.name, request.domain))

    async def StartSso(  # noqa: N802
        self, request: sso_service_pb2.StartSsoRequest, context: Context
    ) -> sso_service_pb2.StartSsoResponse:
        if request.WhichOneof("hint") == "email":
            started = await self.signing_in.start_by_email(request.email, request.return_path)
        else:
            org_id = names.id_of(request.organization)
            started = await self.signing_in.start_by_organization(org_id, request.return_path)
        return _started(started)

    async def FinishSso(  # noqa: N802
        self, request: sso_service_pb2.FinishSsoRequest, context: Context
    ) -> sso_service_pb2.FinishSsoResponse:
        finished = await self.signing_in.finish(
            request.state, request.code, request.browser_token, request.issuer, client_of(context)
        )
        answer, path = finished.answer, finished.return_path
        if isinstance(answer, Asked):
            challenge = messages.challenge(answer)
            return sso_service_pb2.FinishSsoResponse(challenge=challenge, return_path=path)
        return sso_service_pb2.FinishSsoResponse(
            tokens=messages.tokens(answer.tokens), user=messages.user(answer.user), return_path=path
        )


def _started(started: Started | None) -> sso_service_pb2.StartSsoResponse:
    answer = sso_service_pb2.StartSsoResponse()
    if started is not None:
        answer.authorization_url = started.authorization_url
        answer.browser_token = started.browser_token
        answer.expire_time.FromDatetime(started.expires_at)
    return answer


def _changes(asked: sso_pb2.SsoConnection, paths: list[str]) -> Changes:
    return Changes(
        display_name=asked.display_name if "display_name" in paths else None,
        issuer=asked.issuer if "issuer" in paths else None,
        client_id=asked.client_id if "client_id" in paths else None,
        client_secret=asked.client_secret if "client_secret" in paths else None,
        roles=roles.ordered(asked.roles) if "roles" in paths else None,
        required=asked.required if "required" in paths else None,
    )


def _paths(request: sso_service_pb2.UpdateSsoConnectionRequest) -> list[str]:
    """The fields of the mask, or without a mask those that are set. Raises INVALID_FIELD.

    `*` leaves the secret alone where none is given: nobody who read the connection has it.
    """
    asked, paths = request.connection, list(request.update_mask.paths)
    if paths == ["*"]:
        paths = [path for path in _CHANGEABLE if path != "client_secret" or asked.client_secret]
    elif not paths:
        paths = [path for path in _CHANGEABLE if getattr(asked, path)]
    for path in paths:
        if path not in _CHANGEABLE:
            raise invalid("update_mask", f"{path} cannot be changed; these can: {', '.join(_CHANGEABLE)}")
        if path != "required" and not getattr(asked, path):
            raise invalid(f"connection.{path}", "a connection has one")
    return paths
