"""An organization."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# Whose audit chain takes what belongs to no organization: a sign-in with an unknown e-mail.
INSTALLATION = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Organization:
    """A company; the border of a tenant."""

    id: UUID
    display_name: str
    created_at: datetime
