"""RoleService over gRPC."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2

from auth_service import messages, roles
from auth_service.custom_roles import service
from bloom.auth.v1 import role_pb2, role_service_pb2, role_service_pb2_grpc
from service_runtime.conditions.model import Conditions
from service_runtime.errors import invalid
from service_runtime.identity import current_identity
from service_runtime.money import Money
from service_runtime.postgres import Postgres

Context = grpc.aio.ServicerContext[Any, Any]
_CHANGEABLE = ("display_name", "permissions", "conditions")

_NEEDED = ("display_name", "permissions")


@dataclass(frozen=True, slots=True)
class RoleHandlers(role_service_pb2_grpc.RoleServiceServicer):
    """The methods of `bloom.auth.v1.RoleService`."""

    postgres: Postgres

    async def CreateRole(  # noqa: N802
        self, request: role_service_pb2.CreateRoleRequest, context: Context
    ) -> role_pb2.CustomRole:
        permissions = roles.ordered_permissions(request.permissions)
        conditions = _conditions(request.conditions)
        role = await service.create(
            self.postgres, current_identity.get(), request.display_name, permissions, conditions
        )
        return messages.custom_role(role)

    async def GetRole(  # noqa: N802
        self, request: role_service_pb2.GetRoleRequest, context: Context
    ) -> role_pb2.CustomRole:
        return messages.custom_role(await service.get(self.postgres, current_identity.get(), request.name))

    async def ListRoles(  # noqa: N802
        self, request: role_service_pb2.ListRolesRequest, context: Context
    ) -> role_service_pb2.ListRolesResponse:
        found, next_token = await service.page(
            self.postgres, current_identity.get(), size=request.page_size, token=request.page_token
        )
        return role_service_pb2.ListRolesResponse(
            roles=[messages.custom_role(item) for item in found], next_page_token=next_token
        )

    async def UpdateRole(  # noqa: N802
        self, request: role_service_pb2.UpdateRoleRequest, context: Context
    ) -> role_pb2.CustomRole:
        role, paths = request.role, _paths(request)
        changed = await service.update(
            self.postgres,
            current_identity.get(),
            role.name,
            role.etag,
            role.display_name if "display_name" in paths else None,
            roles.ordered_permissions(role.permissions) if "permissions" in paths else None,
            _conditions(role.conditions) if "conditions" in paths else None,
        )
        return messages.custom_role(changed)

    async def DeleteRole(  # noqa: N802
        self, request: role_service_pb2.DeleteRoleRequest, context: Context
    ) -> empty_pb2.Empty:
        await service.delete(self.postgres, current_identity.get(), request.name)
        return empty_pb2.Empty()


def _conditions(message: role_pb2.RoleConditions) -> Conditions:
    limit = Money.of(message.value_limit) if message.HasField("value_limit") else None
    return Conditions(message.own_only, message.own_department, limit)


def _paths(request: role_service_pb2.UpdateRoleRequest) -> list[str]:
    """The fields of the mask, or without a mask those that are set. Raises INVALID_FIELD."""
    role, paths = request.role, list(request.update_mask.paths)
    if paths == ["*"]:
        paths = list(_CHANGEABLE)
    elif not paths:
        paths = [path for path in _NEEDED if getattr(role, path)]
        paths += ["conditions"] if role.HasField("conditions") else []
    for path in paths:
        if path not in _CHANGEABLE:
            raise invalid("update_mask", f"{path} cannot be changed; these can: {', '.join(_CHANGEABLE)}")
        if path in _NEEDED and not getattr(role, path):
            raise invalid(f"role.{path}", "a role has a name and at least one permission")
    if not set(role.permissions) <= set(roles.DECLARED):
        raise invalid("role.permissions", "there is no such permission")
    return paths
