"""An account: an e-mail with its password."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Account:
    """`id` is also the id of its users; `org_id` is the organization that a sign-in opens."""

    id: UUID
    email: str
    org_id: UUID
    # Empty where there is none: the account is signed in to in other ways.
    password_hash: str = field(repr=False)
    # When somebody followed a link that was sent to the e-mail.
    verified_at: datetime | None = None


def normalized(email: str) -> str:
    """The form in which an e-mail is kept and looked for."""
    return email.strip().lower()
