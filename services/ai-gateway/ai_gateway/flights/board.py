"""Where processes tell each other what they are asking: the port, and what stands in when there is none."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from ai_gateway.cache.answers import CacheKey
from ai_gateway.claude.reply import Reply


@dataclass(frozen=True, slots=True)
class Route:
    """A question that several may ask; a `fresh` one takes no kept answer, and shares with its like."""

    key: CacheKey
    fresh: bool = False
    # Only who flies in the same lane shares: other lanes are other flights for the same answer.
    lane: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim gave: a kept answer, or the lead under `token`, or the token of the process that leads.

    A lead without a token is nobody else's business: the others cannot be reached.
    """

    hit: Reply | None = field(default=None, repr=False)
    token: str = ""
    leads: bool = False


class Board(Protocol):
    """Never raises, but for `purge`: without the others every process asks for itself."""

    async def claim(self, route: Route) -> Claimed:
        """The kept answer, else the lead, else who has it."""

    async def renew(self, route: Route, token: str) -> bool:
        """Keeps the lead; whether anybody in another process follows."""

    async def publish(self, token: str, text: str) -> None:
        """The next piece of an answer that is being led."""

    async def land(self, route: Route, token: str, reply: Reply, *, keep: bool) -> None:
        """The answer, for those who follow, and for later where it may be kept. Gives the lead back."""

    async def leave(self, route: Route, token: str) -> None:
        """There will be no answer from here. Gives the lead back."""

    def heard(self, route: Route, token: str) -> AsyncIterator[str | Reply]:
        """What that leader says, from its beginning; it ends without a Reply when the leader is gone."""

    def tell_followed(self, told: Callable[[str], None]) -> None:
        """`told` is called with the token of a lead when another process begins to follow it."""

    async def purge(self, org_id: UUID) -> int:
        """Forgets the organization's kept answers; how many they were. Raises DomainError when it cannot."""

    async def close(self) -> None:
        """Ends its connections."""


class Alone:
    """No other process, and nothing kept (`USE_REDIS=false`)."""

    async def claim(self, route: Route) -> Claimed:
        return Claimed(leads=True)

    async def renew(self, route: Route, token: str) -> bool:
        return False

    async def publish(self, token: str, text: str) -> None:
        pass

    async def land(self, route: Route, token: str, reply: Reply, *, keep: bool) -> None:
        pass

    async def leave(self, route: Route, token: str) -> None:
        pass

    async def heard(self, route: Route, token: str) -> AsyncIterator[str | Reply]:
        nothing: tuple[str, ...] = ()
        for piece in nothing:
            yield piece

    def tell_followed(self, told: Callable[[str], None]) -> None:
        pass

    async def purge(self, org_id: UUID) -> int:
        return 0

    async def close(self) -> None:
        pass
