"""A role that an organization made."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.roles import Permissions
from service_runtime.conditions.model import Conditions


@dataclass(frozen=True, slots=True)
class CustomRole:
    """`version` counts changes."""

    id: UUID
    display_name: str
    permissions: Permissions
    conditions: Conditions
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with every change of the role."""
        return f'"{self.version}"'
