"""ProvisioningService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import names, roles
from auth_service.provisioning import messages
from auth_service.provisioning.groups import service as groups
from auth_service.provisioning.search import search_of
from auth_service.provisioning.users import service as users
from auth_service.provisioning.users.model import Profile
from bloom.auth.v1 import provisioning_service_pb2 as pb
from bloom.auth.v1 import provisioning_service_pb2_grpc
from service_runtime.identity import current_identity
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class ProvisioningHandlers(provisioning_service_pb2_grpc.ProvisioningServiceServicer):
    """The methods of `bloom.auth.v1.ProvisioningService`."""

    postgres: Postgres

    async def CreateProvisionedUser(  # noqa: N802
        self, request: pb.CreateProvisionedUserRequest, context: Context
    ) -> pb.ProvisionedUser:
        active = request.active if request.HasField("active") else True
        made = await users.create(
            self.postgres, current_identity.get(), request.email, _profile(request), active=active
        )
        return messages.user(made)

    async def GetProvisionedUser(  # noqa: N802
        self, request: pb.GetProvisionedUserRequest, context: Context
    ) -> pb.ProvisionedUser:
        return messages.user(await users.get(self.postgres, current_identity.get(), request.name))

    async def SearchProvisionedUsers(  # noqa: N802
        self, request: pb.SearchProvisionedUsersRequest, context: Context
    ) -> pb.SearchProvisionedUsersResponse:
        found, total = await users.found(self.postgres, current_identity.get(), search_of(request))
        return pb.SearchProvisionedUsersResponse(users=[messages.user(item) for item in found], total=total)

    async def ReplaceProvisionedUser(  # noqa: N802
        self, request: pb.ReplaceProvisionedUserRequest, context: Context
    ) -> pb.ProvisionedUser:
        changed = await users.change(
            self.postgres,
            current_identity.get(),
            request.name,
            request.etag,
            request.email,
            _profile(request),
            active=request.active if request.HasField("active") else None,
        )
        return messages.user(changed)

    async def DeleteProvisionedUser(  # noqa: N802
        self, request: pb.DeleteProvisionedUserRequest, context: Context
    ) -> empty_pb2.Empty:
        await users.delete(self.postgres, current_identity.get(), request.name, request.etag)
        return empty_pb2.Empty()

    async def CreateGroup(self, request: pb.CreateGroupRequest, context: Context) -> pb.Group:  # noqa: N802
        members = names.ids_of(request.members)
        made = await groups.create(
            self.postgres, current_identity.get(), request.display_name, request.external_id, members
        )
        return messages.group(made)

    async def GetGroup(self, request: pb.GetGroupRequest, context: Context) -> pb.Group:  # noqa: N802
        found = await groups.get(
            self.postgres, current_identity.get(), request.name, with_members=not request.without_members
        )
        return messages.group(found)

    async def SearchGroups(  # noqa: N802
        self, request: pb.SearchGroupsRequest, context: Context
    ) -> pb.SearchGroupsResponse:
        found, total = await groups.found(
            self.postgres,
            current_identity.get(),
            search_of(request),
            with_members=not request.without_members,
        )
        return pb.SearchGroupsResponse(groups=[messages.group(item) for item in found], total=total)

    async def ReplaceGroup(self, request: pb.ReplaceGroupRequest, context: Context) -> pb.Group:  # noqa: N802
        changed = await groups.change(
            self.postgres,
            current_identity.get(),
            request.name,
            request.etag,
            request.display_name,
            request.external_id,
            names.ids_of(request.members),
        )
        return messages.group(changed)

    async def DeleteGroup(  # noqa: N802
        self, request: pb.DeleteGroupRequest, context: Context
    ) -> empty_pb2.Empty:
        await groups.delete(self.postgres, current_identity.get(), request.name, request.etag)
        return empty_pb2.Empty()

    async def SetGroupRoles(  # noqa: N802
        self, request: pb.SetGroupRolesRequest, context: Context
    ) -> pb.Group:
        mapped = await groups.set_roles(
            self.postgres,
            current_identity.get(),
            request.name,
            roles.ordered(request.roles),
            names.ids_of(request.custom_roles),
        )
        return messages.group(mapped)


def _profile(request: pb.CreateProvisionedUserRequest | pb.ReplaceProvisionedUserRequest) -> Profile:
    return Profile(request.external_id, request.display_name, request.given_name, request.family_name)
