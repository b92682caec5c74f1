"""What Claude says of its rate limits with each answer: the `anthropic-ratelimit-*` headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

# All limits are per minute; a reset further away than two is no reset.
_MOST_SECONDS = 120.0
# Tokens that remain are told to the nearest thousand.
_ROUNDED_TO = 1_000


class Kind(StrEnum):
    """What is counted, by the name it has in the headers."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    INPUT = "input-tokens"
    OUTPUT = "output-tokens"


_NAMES = {
    kind: tuple(f"anthropic-ratelimit-{kind}-{part}" for part in ("limit", "remaining", "reset"))
    for kind in Kind
}


@dataclass(frozen=True, slots=True)
class Level:
    """Of one kind: the limit a minute, what is left of it, and in how many seconds all of it is back."""

    limit: int
    remaining: int
    resets_in: float


def levels(headers: Mapping[str, str], now: float) -> dict[Kind, Level]:
    """The levels at `now`, a POSIX time. A kind that is missing or cannot be read is left out."""
    found: dict[Kind, Level] = {}
    for kind, (limit, remaining, reset) in _NAMES.items():
        if limit not in headers:
            continue
        try:
            left = _least(kind, int(headers[remaining]), int(headers[limit]))
            level = Level(int(headers[limit]), left, _at(headers[reset]) - now)
        except (KeyError, ValueError, OverflowError):
            continue
        if level.limit > 0 and level.remaining >= 0 and level.resets_in <= _MOST_SECONDS:
            found[kind] = level
    return found


def _least(kind: Kind, remaining: int, limit: int) -> int:
    """What is certain of it."""
    rounded = kind is not Kind.REQUESTS and 0 < remaining < limit and remaining % _ROUNDED_TO == 0
    return remaining - _ROUNDED_TO // 2 if rounded else remaining


@lru_cache(maxsize=64)
def _at(reset: str) -> float:
    """Raises ValueError. A time in whole seconds may have been cut: by its end it is certain."""
    moment = datetime.fromisoformat(reset)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() + (1.0 if not moment.microsecond else 0.0)
