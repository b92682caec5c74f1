"""Who may grant what: nobody gives a permission that he does not have himself."""

from auth_service import names, refusals, roles
from auth_service.custom_roles import store
from auth_service.directory.me import Principal
from auth_service.roles import CustomRoles, Permissions, Roles
from service_runtime.conditions.model import Conditions
from service_runtime.errors import invalid, not_found
from service_runtime.identity import Identity
from service_runtime.policy import conditional_permissions
from service_runtime.postgres import Connection


async def require_grantable(
    connection: Connection, identity: Identity, caller: Principal, fixed: Roles, custom: CustomRoles
) -> None:
    """`fixed` and `custom` are what somebody gets in addition. Raises NOT_FOUND, PERMISSION_DENIED.

    All that a role grants counts, also what its new holder has from another role: that one may be taken away.
    The organization is held, so no role changes between this and the grant.
    """
    found = {role.id: role for role in await store.named(connection, identity.tenant, custom)}
    for role_id in custom:
        if role_id not in found:
            raise not_found(names.role(role_id))
        require_own(caller, found[role_id].permissions)
    for permission in roles.permissions(fixed):
        if permission not in caller.permissions:
            raise refusals.beyond_own(permission)


async def require_departments_grantable(
    connection: Connection, identity: Identity, caller: Principal, held: CustomRoles
) -> None:
    """Another department opens more to these roles. Raises PERMISSION_DENIED for what the caller lacks."""
    for role in await store.named(connection, identity.tenant, held):
        if role.conditions.own_department:
            require_own(caller, role.permissions)


def require_own(caller: Principal, permissions: Permissions) -> None:
    """Raises PERMISSION_DENIED for a permission that the caller does not have now, for every resource."""
    for permission in roles.permission_names(permissions):
        if permission not in caller.permissions:
            raise refusals.beyond_own(permission)


def refuse_unconditional(field: str, permissions: Permissions, conditions: Conditions) -> None:
    """Raises INVALID_FIELD for a permission under conditions that no method would ask."""
    if conditions:
        for permission in roles.permission_names(set(permissions) - conditional_permissions()):
            raise invalid(field, f"{permission} knows no conditions")


def refuse_owners_alone(field: str, permissions: Permissions) -> None:
    """Raises INVALID_FIELD for a permission that stays with owners: no role and no key can hold it."""
    for permission in roles.permission_names(item for item in permissions if item in roles.OWNERS_ALONE):
        raise invalid(field, f"{permission} stays with owners")
