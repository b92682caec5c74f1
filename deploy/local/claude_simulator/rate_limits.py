"""What an organization may use in a minute: told in the `anthropic-ratelimit-*` headers, enforced if asked.

Allowances are token buckets, as with Claude: they fill up all the time, and `reset` is when one is full.
https://platform.claude.com/docs/en/api/rate-limits
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from claude_simulator.problems import RefusalError

_MINUTE = 60.0  # seconds
_ROUNDED_TO = 1_000  # tokens that remain are told in thousands
_NAMES = ("requests", "tokens", "input-tokens", "output-tokens")
_HEADERS = {
    name: tuple(f"anthropic-ratelimit-{name}-{part}" for part in ("limit", "remaining", "reset"))
    for name in _NAMES
}


@dataclass(frozen=True)
class RateLimits:
    """Allowances of a minute. What goes over them is a 429 where they are enforced.

    So wide unless a test narrows them that who heeds the headers is never held back.
    """

    requests: int = 1_000_000
    input_tokens: int = 1_000_000_000
    output_tokens: int = 1_000_000_000
    enforced: bool = False


class _Bucket:
    """An allowance that fills up evenly."""

    def __init__(self, limit: int, now: float) -> None:
        self.limit = limit
        self.left = float(limit)
        self._seen = now

    def fill(self, now: float) -> None:
        self.left = min(self.left + (now - self._seen) * self.limit / _MINUTE, self.limit)
        self._seen = now

    def take(self, amount: int) -> None:
        self.left = max(self.left - amount, 0.0)

    def seconds_until(self, amount: float) -> float:
        """Until so much is there."""
        return max(amount - self.left, 0.0) * _MINUTE / self.limit


class RateMeter:
    """One organization's allowances and what is left of them."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float], now: Callable[[], datetime]) -> None:
        """`clock`: monotonic seconds; `now`: the time in UTC."""
        self._clock = clock
        self._now = now
        self.set(limits)

    def set(self, limits: RateLimits) -> None:
        """Other allowances, all of them full."""
        began = self._clock()
        self._limits = limits
        self._requests = _Bucket(limits.requests, began)
        self._given = _Bucket(limits.input_tokens, began)
        self._taken = _Bucket(limits.output_tokens, began)

    def admit(self, input_tokens: int) -> None:
        """Count a request and its input, those read from the prompt cache excepted; 429 if it is too much.

        Output counts as it is produced: a request is refused only when nothing is left of it.
        """
        self._fill()
        if self._limits.enforced:
            self._check("requests", self._requests, 1)
            self._check("input tokens", self._given, input_tokens)
            self._check("output tokens", self._taken, 1)
        self._requests.take(1)
        self._given.take(input_tokens)

    def produced(self, output_tokens: int) -> None:
        """Count output."""
        self._taken.take(output_tokens)

    def headers(self) -> dict[str, str]:
        """Limit, remaining and reset of requests, all tokens, input and output."""
        self._fill()
        requests, given, taken = self._requests, self._given, self._taken
        waits = [bucket.seconds_until(bucket.limit) for bucket in (requests, given, taken)]
        now = self._now().timestamp()
        told = (
            (requests.limit, int(requests.left), waits[0]),
            (given.limit + taken.limit, _in_thousands(given) + _in_thousands(taken), max(waits[1:])),
            (given.limit, _in_thousands(given), waits[1]),
            (taken.limit, _in_thousands(taken), waits[2]),
        )
        headers: dict[str, str] = {}
        for name, (limit, left, wait) in zip(_NAMES, told, strict=True):
            of_limit, of_left, of_reset = _HEADERS[name]
            headers[of_limit], headers[of_left] = str(limit), str(left)
            headers[of_reset] = _rfc3339(math.ceil(now + wait))
        return headers

    def _fill(self) -> None:
        now = self._clock()
        for bucket in (self._requests, self._given, self._taken):
            bucket.fill(now)

    def _check(self, what: str, bucket: _Bucket, amount: int) -> None:
        if bucket.left >= amount:
            return
        wait = max(math.ceil(bucket.seconds_until(min(amount, bucket.limit))), 1)
        message = (
            f"This request would exceed your organization's rate limit of {bucket.limit} {what} per minute."
        )
        raise RefusalError(429, message, {"retry-after": str(wait)})


def _in_thousands(bucket: _Bucket) -> int:
    return min(round(bucket.left / _ROUNDED_TO) * _ROUNDED_TO, bucket.limit)


@functools.lru_cache(maxsize=64)
def _rfc3339(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
