"""What Claude will still take of one kind, told from the levels it named."""

import math
from dataclasses import dataclass

from ai_gateway.limits.headers import Level

_MINUTE = 60.0
# Resets come in whole seconds: one that moves by less may not have moved.
_COARSE_SECONDS = 2.0


@dataclass(slots=True)
class Supply:
    """Times on the process's clock.

    Claude refills evenly (https://platform.claude.com/docs/en/api/rate-limits), but not all that speaks for
    it does, and a wrong guess costs a 429. So the limit is taken to come back all at once, at the reset,
    until the reset is seen to move away before it has come, as it does only where it is a full refill's.
    """

    limit: int
    remaining: float
    at: float
    resets_at: float
    flows: bool = False
    # A reset that was named once and has not come since: what it has moved away is seen by it.
    _named: float = float("-inf")

    def hear(self, level: Level, now: float) -> None:
        """The newest level."""
        resets_at = now + max(0.0, level.resets_in)
        if level.limit != self.limit:
            self.flows, self._named = False, resets_at
        elif now >= self._named - _COARSE_SECONDS:
            self._named = resets_at
        elif resets_at >= self._named + _COARSE_SECONDS:
            full_in = (level.limit - level.remaining) * _MINUTE / level.limit
            self.flows |= abs(level.resets_in - full_in) <= _COARSE_SECONDS
        self.limit, self.remaining = level.limit, float(level.remaining)
        self.at, self.resets_at = now, resets_at

    def available(self, now: float) -> float:
        """At this time, if nothing more were taken."""
        if now >= self.resets_at:
            return float(self.limit)
        if self.flows:
            return min(self.limit, self.remaining + (now - self.at) * self.limit / _MINUTE)
        return self.remaining

    def wait(self, now: float, amount: float, before: float) -> float:
        """Seconds until `amount` is there beside what is taken `before`; 0 when it is.

        More than the limit is never there: a call that is larger goes alone, when all of it is.
        """
        wanted = min(amount, self.limit) + before
        missing = wanted - self.available(now)
        if missing <= 0:
            return 0.0
        if self.flows or now >= self.resets_at:
            return missing * _MINUTE / self.limit
        return self.resets_at - now + (math.ceil(wanted / self.limit) - 1) * _MINUTE
