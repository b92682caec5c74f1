"""A session, its refresh tokens, and what a sign-in gives."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from auth_service.directory.model import User
from auth_service.granted import CustomPermissions
from auth_service.opaque import OpaqueToken
from auth_service.roles import Roles
from auth_service.tokens.authentication import Authentication

_NONCE_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenPair:
    """`expires_in` is of the access token, in seconds; a grant without a session has no refresh token."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RefreshToken(OpaqueToken):
    """One of a session's, whose id it has. The newest is good."""

    @property
    def session_id(self) -> UUID:
        """The session that it belongs to."""
        return self.id

    def successor(self, nonce: bytes) -> "RefreshToken":
        """The next one. It takes this token and the nonce to make it, so the database alone cannot.

        The nonce is kept until the next rotation: a client that lost the answer asks again and gets the very
        same token, and parallel refreshes end in one line.
        """
        return RefreshToken(self.org_id, self.id, hmac.digest(nonce, self.secret, "sha256"))


def new_nonce() -> bytes:
    """256 random bits for one rotation."""
    return secrets.token_bytes(_NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token with its session and user, as they are while the session is held."""

    user_id: UUID
    roles: Roles
    custom_permissions: CustomPermissions
    # The session goes on, and its user may sign in.
    open: bool
    generation: int
    newest_generation: int
    # Since the newest token was made, on the database's clock.
    age: timedelta
    rotation_nonce: bytes | None = field(repr=False)
    rotation_client: bytes | None
    # Of the user, for the next access token.
    epoch: int
    authentication: Authentication


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: what it says of itself, which nothing proves, and its address as the edge saw it."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in, as its user sees it. `user_agent` is what its client said of itself; nothing proves it."""

    id: UUID
    user_id: UUID
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is in, with a session."""

    user: User
    tokens: TokenPair
