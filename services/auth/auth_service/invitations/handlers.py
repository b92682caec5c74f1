"""InvitationService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages, names, roles
from auth_service.client import client_of
from auth_service.invitations.service import Acceptance, Invitations
from bloom.auth.v1 import invitation_service_pb2, invitation_service_pb2_grpc
from service_runtime.identity import current_identity

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class InvitationHandlers(invitation_service_pb2_grpc.InvitationServiceServicer):
    """The methods of `bloom.auth.v1.InvitationService`."""

    invitations: Invitations

    async def CreateInvitation(  # noqa: N802
        self, request: invitation_service_pb2.CreateInvitationRequest, context: Context
    ) -> invitation_service_pb2.Invitation:
        made = await self.invitations.create(
            current_identity.get(),
            request.email,
            roles.ordered(request.roles),
            names.ids_of(request.custom_roles),
        )
        return messages.invitation(made)

    async def ListInvitations(  # noqa: N802
        self, request: invitation_service_pb2.ListInvitationsRequest, context: Context
    ) -> invitation_service_pb2.ListInvitationsResponse:
        found, next_token = await self.invitations.page(
            current_identity.get(), size=request.page_size, token=request.page_token
        )
        return invitation_service_pb2.ListInvitationsResponse(
            invitations=[messages.invitation(item) for item in found], next_page_token=next_token
        )

    async def DeleteInvitation(  # noqa: N802
        self, request: invitation_service_pb2.DeleteInvitationRequest, context: Context
    ) -> empty_pb2.Empty:
        await self.invitations.delete(current_identity.get(), request.name)
        return empty_pb2.Empty()

    async def PreviewInvitation(  # noqa: N802
        self, request: invitation_service_pb2.PreviewInvitationRequest, context: Context
    ) -> invitation_service_pb2.PreviewInvitationResponse:
        offer = await self.invitations.preview(request.token)
        return invitation_service_pb2.PreviewInvitationResponse(
            organization=offer.organization.display_name,
            email=offer.invitation.email,
            has_account=offer.has_account,
            expire_time=messages.invitation(offer.invitation).expire_time,
        )

    async def AcceptInvitation(  # noqa: N802
        self, request: invitation_service_pb2.AcceptInvitationRequest, context: Context
    ) -> invitation_service_pb2.AcceptInvitationResponse:
        acceptance = Acceptance(request.display_name, client_of(context), request.password)
        answer = await self.invitations.accept(request.token, acceptance)
        return invitation_service_pb2.AcceptInvitationResponse(
            tokens=messages.tokens(answer.tokens) if answer.tokens else None, user=messages.user(answer.user)
        )
