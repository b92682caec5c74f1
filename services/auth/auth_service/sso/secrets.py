"""Client secrets, and what a flow hides, at rest."""

from uuid import UUID

from auth_service.keys.wrapping import KeyWrap

_SEPARATOR = "\n"


class Secrets:
    """Wrapped for a purpose of their own; each is bound to its place, so that rows cannot be swapped.

    A client secret is bound to its issuer too: with another issuer in its row it does not open.
    """

    def __init__(self, wrap: KeyWrap) -> None:
        self._wrap = wrap

    def wrapped(self, org_id: UUID, connection_id: UUID, issuer: str, secret: str) -> bytes:
        """As it is kept."""
        return self._wrap.wrap(secret.encode(), f"{org_id}/{connection_id}/{issuer}")

    def unwrapped(self, org_id: UUID, connection_id: UUID, issuer: str, wrapped: bytes) -> str:
        """Raises WrongSecretError for a row that was tampered with."""
        return self._wrap.unwrap(wrapped, f"{org_id}/{connection_id}/{issuer}").decode()

    def wrapped_flow(self, org_id: UUID, flow_id: UUID, verifier: str, nonce: str) -> bytes:
        """As it is kept."""
        return self._wrap.wrap(f"{verifier}{_SEPARATOR}{nonce}".encode(), f"{org_id}/{flow_id}")

    def unwrapped_flow(self, org_id: UUID, flow_id: UUID, wrapped: bytes) -> tuple[str, str]:
        """Verifier and nonce. Raises WrongSecretError for a row that was tampered with."""
        verifier, nonce = self._wrap.unwrap(wrapped, f"{org_id}/{flow_id}").decode().split(_SEPARATOR)
        return verifier, nonce
