"""The `anthropic-ratelimit-*` headers: what is left of each allowance in the minute. Never enforced."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

REQUESTS_PER_MINUTE = 4_000
INPUT_TOKENS_PER_MINUTE = 4_000_000
OUTPUT_TOKENS_PER_MINUTE = 800_000
_WINDOW = 60.0  # seconds


class RateWindow:
    """Counts one account's minute. A test that wants a 429 scripts it."""

    def __init__(self, clock: Callable[[], float], today: Callable[[], datetime]) -> None:
        """`clock`: monotonic seconds; `today`: the time in UTC."""
        self._clock = clock
        self._now = today
        self._began = -math.inf
        self._used = [0, 0, 0]

    def count(self, *, requests: int = 0, input_tokens: int = 0, output_tokens: int = 0) -> None:
        """Add to the current minute. Tokens read from the prompt cache do not count."""
        if self._clock() - self._began >= _WINDOW:
            self._began, self._used = self._clock(), [0, 0, 0]
        for index, amount in enumerate((requests, input_tokens, output_tokens)):
            self._used[index] += amount

    def headers(self) -> dict[str, str]:
        """Limit, remaining and reset of requests, input, output and all tokens."""
        requests, given, taken = self._used
        allowances = {
            "requests": (REQUESTS_PER_MINUTE, requests),
            "input-tokens": (INPUT_TOKENS_PER_MINUTE, given),
            "output-tokens": (OUTPUT_TOKENS_PER_MINUTE, taken),
            "tokens": (INPUT_TOKENS_PER_MINUTE + OUTPUT_TOKENS_PER_MINUTE, given + taken),
        }
        reset = self._reset()
        headers: dict[str, str] = {}
        for name, (limit, used) in allowances.items():
            prefix = f"anthropic-ratelimit-{name}"
            headers |= {
                f"{prefix}-limit": str(limit),
                f"{prefix}-remaining": str(max(limit - used, 0)),
                f"{prefix}-reset": reset,
            }
        return headers

    def _reset(self) -> str:
        left = min(max(self._began + _WINDOW - self._clock(), 0.0), _WINDOW)
        return (self._now().astimezone(UTC) + timedelta(seconds=left)).strftime("%Y-%m-%dT%H:%M:%SZ")
