"""Factors as rows hold them, and what somebody shows of one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from auth_service.challenges.model import Given
from bloom.auth.v1 import factor_pb2

# The generated module knows this name in its types only.
Kind: TypeAlias = "factor_pb2.FactorKind.ValueType"

TOTP = factor_pb2.FACTOR_KIND_TOTP
PASSKEY = factor_pb2.FACTOR_KIND_PASSKEY
RECOVERY_CODE = factor_pb2.FACTOR_KIND_RECOVERY_CODE
# As WebAuthn writes it in JSON.
Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Factor:
    """What its person sees of it."""

    id: UUID
    kind: Kind
    display_name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totp:
    """The secret of an app, wrapped."""

    id: UUID
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half; `synced` when the other may leave its device."""

    id: UUID
    credential_id: bytes
    public_key: bytes
    synced: bool


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """As an authenticator has just made it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


@dataclass(frozen=True, slots=True)
class TotpCode:
    """Six digits."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryCode:
    """As somebody typed it."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a passkey has signed."""

    credential: Json = field(repr=False)


Proof: TypeAlias = TotpCode | RecoveryCode | Assertion


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge with what it may be answered with; `options` where a passkey is among that."""

    given: Given
    kinds: tuple[Kind, ...]
    options: Json | None
