"""MembershipService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc

from auth_service import messages, names
from auth_service.client import client_of
from auth_service.factors.model import Asked
from auth_service.memberships.service import Memberships
from bloom.auth.v1 import membership_service_pb2, membership_service_pb2_grpc
from service_runtime.identity import current_identity

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class MembershipHandlers(membership_service_pb2_grpc.MembershipServiceServicer):
    """The methods of `bloom.auth.v1.MembershipService`."""

    memberships: Memberships

    async def ListMemberships(  # noqa: N802
        self, request: membership_service_pb2.ListMembershipsRequest, context: Context
    ) -> membership_service_pb2.ListMembershipsResponse:
        identity = current_identity.get()
        return membership_service_pb2.ListMembershipsResponse(
            memberships=[
                membership_service_pb2.Membership(
                    organization=names.organization(found.id),
                    display_name=found.display_name,
                    current=found.id == identity.tenant,
                )
                for found in await self.memberships.all(identity)
            ]
        )

    async def SwitchOrganization(  # noqa: N802
        self, request: membership_service_pb2.SwitchOrganizationRequest, context: Context
    ) -> membership_service_pb2.SwitchOrganizationResponse:
        answer = await self.memberships.switch(
            current_identity.get(), request.organization, client_of(context)
        )
        if isinstance(answer, Asked):
            return membership_service_pb2.SwitchOrganizationResponse(challenge=messages.challenge(answer))
        return membership_service_pb2.SwitchOrganizationResponse(
            tokens=messages.tokens(answer.tokens), user=messages.user(answer.user)
        )
