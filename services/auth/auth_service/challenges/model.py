"""A challenge, and the token that only whoever was asked has."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import ClassVar
from uuid import UUID

from auth_service.opaque import OpaqueToken

LIFETIME = timedelta(minutes=5)
# Codes that one challenge looks at.
MOST_TRIES = 5


class Purpose(IntEnum):
    """What the answer leads to, as rows hold it."""

    SIGN_IN = 1
    PASSKEY_SIGN_IN = 2
    STEP_UP = 3
    ENROLMENT = 4


@dataclass(frozen=True, slots=True)
class ChallengeToken(OpaqueToken):
    """What whoever was asked answers with."""

    PREFIX: ClassVar[str] = "bch_"

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
