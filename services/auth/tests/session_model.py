"""What a session is meant to do, without a clock, a database or a network of its own."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from auth_service.sessions.model import RefreshToken

# The longest retry that the settings allow.
RETRY_SECONDS = 30
LIFETIME_SECONDS = 30 * 86_400


@dataclass
class Line:
    """A session as it is meant to be: its refresh tokens, oldest first, and its access tokens."""

    user: "Person"
    tokens: list[str]
    access: list[str]
    age: int = 0
    rotated: int = 0
    by: int | None = None
    ended: bool = False
    called_back: bool = False

    def end(self) -> None:
        # One that is past its end may have been cleared away, and then there is nothing to tell.
        self.called_back = self.called_back or self.age < LIFETIME_SECONDS
        self.ended = True

    @property
    def open(self) -> bool:
        return not self.ended and self.age < LIFETIME_SECONDS and not self.user.disabled

    @property
    def name(self) -> str:
        return f"sessions/{RefreshToken.parse(self.tokens[0]).session_id}"

    def answer(self, place: int, client: int) -> str:
        """What a refresh is told that comes with the token at `place`, counted from the newest."""
        if not self.open:
            return "TOKEN_INVALID"
        if place == 0:
            self.by, self.rotated = client, 0
            return "next"
        if place == 1 and self.rotated <= RETRY_SECONDS and self.by == client:
            return "again"
        self.end()
        return "REFRESH_REUSED"


@dataclass(eq=False)
class Person:
    """Somebody's account, and every session that it ever had."""

    name: str
    email: str
    owner: Any
    stranger: Any
    roles: int = 0
    disabled: bool = False
    lines: list[Line] = field(default_factory=list)

    @property
    def going_on(self) -> list[Line]:
        return [line for line in self.lines if line.open]

    def end_all(self) -> None:
        for line in self.lines:
            line.end()


def session_of(token: str) -> UUID:
    parsed = RefreshToken.parse(token)
    assert parsed is not None
    return parsed.session_id
