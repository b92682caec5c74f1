"""An account: an e-mail with its password."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Account:
    """`id` is also the id of its users; `org_id` is the organization that a sign-in opens."""

    id: UUID
    email: str
    org_id: UUID
    password_hash: str = field(repr=False)


def normalized(email: str) -> str:
    """The form in which an e-mail is kept and looked for."""
    return email.strip().lower()
