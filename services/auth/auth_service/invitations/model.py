"""An invitation."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from auth_service.roles import CustomRoles, Roles


@dataclass(frozen=True, slots=True)
class Invitation:
    """Open until it is accepted, withdrawn, or too old. `invited_by` is a subject."""

    id: UUID
    email: str
    roles: Roles
    custom_roles: CustomRoles
    invited_by: str
    created_at: datetime
    expires_at: datetime
