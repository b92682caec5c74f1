"""The one retry layer: how long to wait before the same request is sent again, or not at all."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ai_gateway.claude.faults import ClaudeError


@dataclass(slots=True)
class Budget:
    """What may be asked again, so that an outage of Claude is not multiplied by our attempts.

    A bucket of retries: each answer puts a tenth of one in, each second a little, each retry takes one out.
    """

    per_answer: float = 0.1
    # The floor: without it a gateway with little to do would never heal a single fault.
    per_second: float = 0.5
    most: float = 20.0
    clock: Callable[[], float] = time.monotonic
    _left: float = field(init=False)
    _filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left = self.most
        self._filled_at = self.clock()

    def answered(self) -> None:
        """A call was answered."""
        self._left = min(self.most, self._left + self.per_answer)

    def take(self) -> bool:
        """Takes one retry out, if there is one."""
        now = self.clock()
        self._left = min(self.most, self._left + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class Retries:
    """Times in seconds. The pause doubles, with full jitter, and a delay that Claude names is kept."""

    attempts: int = 3
    first_pause: float = 0.25
    longest_pause: float = 5.0
    # A second try must have this long at least, or it only costs.
    worth_trying: float = 0.5
    chance: random.Random = field(default_factory=random.Random)
    budget: Budget = field(default_factory=Budget)

    def pause(self, attempt: int, fault: ClaudeError, seconds_left: float) -> float | None:
        """Before attempt `attempt + 1`; None when there must be none. Attempts count from 1.

        A pause that is named is paid from the budget, save where the fault has been healed.
        """
        if not fault.passing or attempt >= self.attempts:
            return None
        pause = 0.0 if fault.healed else self._pause(attempt, fault)
        if pause > self.longest_pause or pause + self.worth_trying > seconds_left:
            return None
        return pause if fault.healed or self.budget.take() else None

    def answered(self) -> None:
        """An attempt's answer began; a part of a retry is earned by it."""
        self.budget.answered()

    def _pause(self, attempt: int, fault: ClaudeError) -> float:
        jitter = self.chance.uniform(0, self.first_pause * 2 ** (attempt - 1))
        return jitter if fault.retry_after is None else fault.retry_after + jitter
