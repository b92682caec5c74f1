"""A service account, and the secret that only its program knows."""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from auth_service.granted import CustomPermissions
from auth_service.roles import CustomRoles, Roles

# Scanners of repositories and logs find a leaked secret by its prefix.
_PREFIX = "bsa_"
_ORG_BYTES, _RANDOM_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program of an organization."""

    id: UUID
    display_name: str
    roles: Roles
    custom_roles: CustomRoles
    # What the custom roles grant together, now.
    custom_permissions: CustomPermissions
    created_at: datetime
    secret_hash: bytes = field(repr=False)


def new_secret(org_id: UUID) -> str:
    """256 random bits, behind the organization in whose rows they are looked for."""
    body = org_id.bytes + secrets.token_bytes(_RANDOM_BYTES)
    return _PREFIX + base64.urlsafe_b64encode(body).decode()


def organization_of(secret: str) -> UUID | None:
    """Where to look; nothing is proven by it."""
    try:
        body = base64.b64decode(secret.removeprefix(_PREFIX), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return UUID(bytes=body[:_ORG_BYTES]) if len(body) == _ORG_BYTES + _RANDOM_BYTES else None


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
