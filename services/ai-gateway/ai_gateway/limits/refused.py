"""Who is asked to come back later, why, and when; and the two kinds of callers."""

from dataclasses import dataclass
from enum import StrEnum


class Limit(StrEnum):
    """What there is not enough of."""

    ORG_REQUESTS = "ORG_REQUESTS"
    ORG_TOKENS = "ORG_TOKENS"
    UPSTREAM_PACE = "UPSTREAM_PACE"
    OVERLOADED = "OVERLOADED"


class Priority(StrEnum):
    """Somebody waits for an INTERACTIVE call; a BULK one has time."""

    INTERACTIVE = "INTERACTIVE"
    BULK = "BULK"


class RefusedError(Exception):
    """Nothing was sent. `retry_after` in seconds: when the same call is likely to be let in."""

    def __init__(self, limit: Limit, retry_after: float) -> None:
        super().__init__(limit.value)
        self.limit = limit
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Use:
    """Tokens as rate limits count them, which leave out what is read from the prompt cache."""

    input: int
    output: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.input + self.output


NO_USE = Use(0, 0)
