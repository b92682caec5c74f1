"""Secrets of authenticator apps at rest."""

from uuid import UUID

from auth_service.factors.model import Totp
from auth_service.keys.wrapping import KeyWrap


class Secrets:
    """Wrapped for a purpose of their own; each is bound to its place, so that rows cannot be swapped."""

    def __init__(self, wrap: KeyWrap) -> None:
        self._wrap = wrap

    def wrapped(self, org_id: UUID, factor_id: UUID, secret: bytes) -> Totp:
        """As it is kept."""
        return Totp(factor_id, self._wrap.wrap(secret, _place(org_id, factor_id)))

    def unwrapped(self, org_id: UUID, totp: Totp) -> bytes:
        """Raises WrongSecretError for a row that was tampered with."""
        return self._wrap.unwrap(totp.wrapped, _place(org_id, totp.id))


def _place(org_id: UUID, factor_id: UUID) -> str:
    return f"{org_id}/{factor_id}"
