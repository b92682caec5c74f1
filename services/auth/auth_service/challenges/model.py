"""A challenge, and the token that only whoever was asked has."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

LIFETIME = timedelta(minutes=5)
# Codes that one challenge looks at.
MOST_TRIES = 5
_PREFIX = "bch_"
_ID_BYTES, _SECRET_BYTES = 16, 32


class Purpose(IntEnum):
    """What the answer leads to, as rows hold it."""

    SIGN_IN = 1
    PASSKEY_SIGN_IN = 2
    STEP_UP = 3
    ENROLMENT = 4


@dataclass(frozen=True, slots=True)
class ChallengeToken:
    """Opaque to its holder: organization, id, and 256 secret bits.

    Because it carries its organization, it is looked up under that tenant's row-level security like any row.
    """

    org_id: UUID
    id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, org_id: UUID, challenge_id: UUID) -> "ChallengeToken":
        """With a fresh secret."""
        return cls(org_id, challenge_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> "ChallengeToken | None":
        """None for what was never given by us."""
        body = text.removeprefix(_PREFIX)
        try:
            read = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if body == text or len(read) != 2 * _ID_BYTES + _SECRET_BYTES:
            return None
        org_id, challenge_id = UUID(bytes=read[:_ID_BYTES]), UUID(bytes=read[_ID_BYTES : 2 * _ID_BYTES])
        return cls(org_id, challenge_id, read[2 * _ID_BYTES :])

    def encoded(self) -> str:
        """As its holder gets it."""
        body = self.org_id.bytes + self.id.bytes + self.secret
        return _PREFIX + base64.urlsafe_b64encode(body).decode().rstrip("=")

    @property
    def hash(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(self.secret).digest()

    @property
    def for_passkey(self) -> bytes:
        """What an authenticator signs. It comes from the token, so no row has it."""
        return hashlib.sha256(b"webauthn" + self.secret).digest()


@dataclass(frozen=True, slots=True)
class Challenge:
    """What was asked of whom. `user_id` is None where nobody is known yet."""

    user_id: UUID | None
    # The user's when it was given.
    epoch: int
    # What was shown before it (RFC 8176).
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A challenge on its way to whoever is asked."""

    token: ChallengeToken
    expires_at: datetime
