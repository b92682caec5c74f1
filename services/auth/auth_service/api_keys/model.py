"""An API key, and the text that only its holder has."""

import hashlib
import secrets
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from auth_service import names
from auth_service.granted import CustomPermissions
from auth_service.roles import CustomRoles, Permissions, Roles

# Scanners of repositories and logs find a leaked key by `bloom_[0-9A-Za-z]{92}` and prove it by its checksum.
PREFIX = "bloom_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}
_ID_BYTES, _SECRET_BYTES, _CHECKSUM_BYTES = 16, 32, 4
_BODY_BYTES = 2 * _ID_BYTES + _SECRET_BYTES
# 62 to this power is just above 256 to the power of the bytes.
_LETTERS = 92


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key; `owner` is `users/…` or `serviceAccounts/…`."""

    id: UUID
    owner: str
    display_name: str
    scopes: Permissions
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    secret_hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is, as the database knows him while the key is held."""

    roles: Roles
    custom_roles: CustomRoles
    custom_permissions: CustomPermissions
    disabled: bool
    epoch: int


@dataclass(frozen=True, slots=True)
class KeyText:
    """The key as its holder has it: organization, id, 256 secret bits, checksum.

    Because it carries its organization, it is looked up under that tenant's row-level security like any row.
    The checksum guards nothing: by it a typo is refused without a query.
    """

    org_id: UUID
    id: UUID
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls, org_id: UUID, key_id: UUID) -> "KeyText":
        """With a fresh secret."""
        return cls(org_id, key_id, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> "KeyText | None":
        """None for what was never given by us."""
        letters = text.removeprefix(PREFIX)
        if not text.startswith(PREFIX) or len(letters) != _LETTERS or not _DIGITS.keys() >= set(letters):
            return None
        number = 0
        for letter in letters:
            number = number * len(_ALPHABET) + _DIGITS[letter]
        if number.bit_length() > 8 * (_BODY_BYTES + _CHECKSUM_BYTES):
            return None
        whole = number.to_bytes(_BODY_BYTES + _CHECKSUM_BYTES)
        body = whole[:_BODY_BYTES]
        if _checksum(body) != whole[_BODY_BYTES:]:
            return None
        org_id, key_id = UUID(bytes=body[:_ID_BYTES]), UUID(bytes=body[_ID_BYTES : 2 * _ID_BYTES])
        return cls(org_id, key_id, body[2 * _ID_BYTES :])

    def encoded(self) -> str:
        """As its holder gets it: letters and digits alone, so that a double click takes all of it."""
        body = self.org_id.bytes + self.id.bytes + self.secret
        number, letters = int.from_bytes(body + _checksum(body)), ""
        for _ in range(_LETTERS):
            number, digit = divmod(number, len(_ALPHABET))
            letters = _ALPHABET[digit] + letters
        return PREFIX + letters

    @property
    def hash(self) -> bytes:
        """What is stored of it."""
        return hashlib.sha256(self.secret).digest()

    @property
    def name(self) -> str:
        """`apiKeys/{uuid}`"""
        return names.api_key(self.id)


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(PREFIX.encode() + body).to_bytes(_CHECKSUM_BYTES)
