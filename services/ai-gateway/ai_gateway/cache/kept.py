"""What is kept of an organization's answers: how many, and how much room they take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from ai_gateway.cache.answers import prefix_of
from ai_gateway.valkey import DOWN, Valkey
from service_runtime.errors import unavailable

_SCANNED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """`size` in bytes, of the answers alone; each ends `ttl` after it was given."""

    answers: int
    size: int
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """Counted where they are kept; without Valkey nothing is. `ttl` in seconds."""

    valkey: Valkey | None
    ttl: int

    async def count(self, org_id: UUID) -> Kept | None:
        """Looks through all keys, some hundreds at a time. Raises DomainError when Valkey is away.

        An answer may be seen twice while Valkey makes its table larger: to remember each would cost more than
        the figure is worth.
        """
        if self.valkey is None:
            return None
        answers = size = cursor = 0
        try:
            while True:
                cursor, keys = await self.valkey.client.scan(
                    cursor, match=prefix_of(org_id) + "*", count=_SCANNED_AT_ONCE
                )
                found = await _sizes(self.valkey, keys)
                answers, size = answers + len(found), size + sum(found)
                if not cursor:
                    return Kept(answers, size, timedelta(seconds=self.ttl))
        except DOWN as away:
            raise unavailable("valkey") from away


async def _sizes(valkey: Valkey, keys: Sequence[bytes | str]) -> list[int]:
    """Without those that have ended since."""
    async with valkey.client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.strlen(key)
        return [size for size in await pipeline.execute() if size]
