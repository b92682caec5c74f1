"""Tokens that only their holders read: refresh tokens, challenges, links."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

_ID_BYTES, _SECRET_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """Organization, id, and 256 secret bits.

    Because it carries its organization, it is looked up under that tenant's row-level security like any row.
    """

    # What it begins with, so that one kind is not taken for another.
    PREFIX: ClassVar[str] = ""

    org_id: UUID
    id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, org_id: UUID, token_id: UUID) -> Self:
        """With a fresh secret."""
        return cls(org_id, token_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what was never given by us."""
        body = text.removeprefix(cls.PREFIX)
        try:
            read = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if not text.startswith(cls.PREFIX) or len(read) != 2 * _ID_BYTES + _SECRET_BYTES:
            return None
        org_id, token_id = UUID(bytes=read[:_ID_BYTES]), UUID(bytes=read[_ID_BYTES : 2 * _ID_BYTES])
        return cls(org_id, token_id, read[2 * _ID_BYTES :])

    def encoded(self) -> str:
        """As its holder gets it."""
        body = self.org_id.bytes + self.id.bytes + self.secret
        return self.PREFIX + base64.urlsafe_b64encode(body).decode().rstrip("=")

    @property
    def hash(self) -> bytes:
        """What is stored of it. SHA-256 is enough for 256 random bits."""
        return hashlib.sha256(self.secret).digest()
