"""A group with what it brings to its members."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.roles import CustomRoles, Roles


@dataclass(frozen=True, slots=True)
class Member:
    """A user of the group."""

    user_id: UUID
    email: str


@dataclass(frozen=True, slots=True)
class Group:
    """`version` counts changes; `members` is empty where they were not asked for."""

    id: UUID
    display_name: str
    external_id: str
    roles: Roles
    custom_roles: CustomRoles
    version: int
    created_at: datetime
    updated_at: datetime
    members: tuple[Member, ...] = ()

    @property
    def etag(self) -> str:
        """Changes with every change of the group."""
        return f'"{self.version}"'
