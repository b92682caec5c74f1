"""How often runners look, and how long they wait."""

import random
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds. Claude ends most batches within the hour and every one within a day."""

    # Between looks for batches that are due: of other replicas, of runners that died.
    look: float = 2.0
    # Between looks at a batch: the first, growing by half each time that nothing has changed, to the longest.
    first_poll: float = 5.0
    longest_poll: float = 120.0
    # Longer than the sending of a part may take.
    lease: float = 90.0
    # How long a part that was sent, and that Claude does not list, may still turn up there.
    doubt: float = 120.0
    # How long sending is tried, and results are waited for.
    patience: timedelta = timedelta(hours=48)
    # Batches that one process works on at once: each may hold a part in memory.
    at_once: int = 2

    def pause(self, quiet: int) -> float:
        """Before the next look after so many that changed nothing, give or take a fifth."""
        usual = min(self.longest_poll, self.first_poll * 1.5 ** min(quiet, 50))
        return usual * random.uniform(0.8, 1.2)  # noqa: S311 no secret

    def look_again(self) -> float:
        """The same for batches that are due; replicas do not look in step."""
        return self.look * random.uniform(0.8, 1.2)  # noqa: S311
