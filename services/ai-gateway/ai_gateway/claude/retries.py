"""The one retry layer: how long to wait before the same request is sent again, or not at all."""

import random
from dataclasses import dataclass, field

from ai_gateway.claude.faults import ClaudeError


@dataclass(frozen=True, slots=True)
class Retries:
    """Times in seconds. The pause doubles, with full jitter, and a delay that Claude names is kept."""

    attempts: int = 3
    first_pause: float = 0.25
    longest_pause: float = 5.0
    # A second try must have this long at least, or it only costs.
    worth_trying: float = 0.5
    chance: random.Random = field(default_factory=random.Random)

    def pause(self, attempt: int, fault: ClaudeError, seconds_left: float) -> float | None:
        """Before attempt `attempt + 1`; None when there must be none. Attempts count from 1."""
        if not fault.passing or attempt >= self.attempts:
            return None
        jitter = self.chance.uniform(0, self.first_pause * 2 ** (attempt - 1))
        pause = jitter if fault.retry_after is None else fault.retry_after + jitter
        if pause > self.longest_pause or pause + self.worth_trying > seconds_left:
            return None
        return pause
