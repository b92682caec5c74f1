"""A person in an organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service import roles
from auth_service.granted import CustomPermissions
from auth_service.roles import CustomRoles, Roles


@dataclass(frozen=True, slots=True)
class User:
    """`version` counts changes, `epoch` those after which older tokens are refused."""

    id: UUID
    email: str
    display_name: str
    roles: Roles
    custom_roles: CustomRoles
    # What the custom roles granted together when this was read.
    custom_permissions: CustomPermissions
    disabled: bool
    version: int
    created_at: datetime
    updated_at: datetime
    epoch: int = 1
    # Names, each once, in their order.
    departments: tuple[str, ...] = ()
    # What groups bring beside `roles`; custom permissions have theirs in already.
    group_roles: Roles = ()
    group_custom_roles: CustomRoles = ()

    @property
    def all_roles(self) -> Roles:
        """The user's own and those of its groups: what tokens carry."""
        return roles.ordered((*self.roles, *self.group_roles))

    @property
    def etag(self) -> str:
        """Changes with every change of the user."""
        return f'"{self.version}"'

    @property
    def has_owner_role(self) -> bool:
        """Also of a disabled user."""
        return roles.OWNER in self.roles
