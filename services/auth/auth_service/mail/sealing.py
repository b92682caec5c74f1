"""Mail at rest: its words hold links that work, so they open with JWT_SECRET only."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from auth_service.keys.wrapping import KeyWrap
from auth_service.mail.model import Letter, Mail


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row of the queue."""

    org_id: UUID
    id: UUID
    sealed: bytes = field(repr=False)
    expires_at: datetime
    attempts: int = 0


def seal(wrap: KeyWrap, mail: Mail) -> Sealed:
    """As it is kept, bound to its place."""
    words = {
        "to": mail.to, "subject": mail.letter.subject, "text": mail.letter.text, "html": mail.letter.html,
    }  # fmt: skip
    sealed = wrap.wrap(json.dumps(words).encode(), f"{mail.org_id}/{mail.id}")
    return Sealed(mail.org_id, mail.id, sealed, mail.expires_at)


def unseal(wrap: KeyWrap, kept: Sealed) -> Mail:
    """Raises WrongSecretError for a row of another secret, or that was tampered with."""
    words = json.loads(wrap.unwrap(kept.sealed, f"{kept.org_id}/{kept.id}"))
    letter = Letter(words["subject"], words["text"], words["html"])
    return Mail(kept.id, kept.org_id, words["to"], letter, kept.expires_at)
