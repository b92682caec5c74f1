"""Everything one simulator remembers, and the clocks it lives by."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from claude_simulator.batches.store import BatchLimits, BatchStore
from claude_simulator.bedrock.keys import AwsKeys
from claude_simulator.prompt_cache import PromptCache
from claude_simulator.rate_limits import RateLimits, RateMeter
from claude_simulator.recorder import Recorder
from claude_simulator.script import Script


def utc_now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Pace:
    """How long answers take, in seconds: to the first byte, and between the deltas of a stream."""

    latency: float = 0.0
    chunk_delay: float = 0.0


@dataclass(frozen=True)
class Simulation:
    """The state of one simulator. `clock` counts monotonic seconds, `now` tells the time in UTC."""

    pace: Pace = Pace()
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = utc_now
    limits: RateLimits = field(default_factory=RateLimits)
    batch_limits: BatchLimits = field(default_factory=BatchLimits)
    # Who may ask by way of Bedrock, unless the control plane says otherwise.
    aws: AwsKeys = field(default_factory=AwsKeys)
    script: Script = field(default_factory=Script)
    recorder: Recorder = field(init=False)
    prompt_cache: PromptCache = field(init=False)
    rates: RateMeter = field(init=False)
    batches: BatchStore = field(init=False)
    aws_accounts: dict[str, AwsKeys] = field(init=False)  # by access key

    def __post_init__(self) -> None:
        """Build what depends on the clocks and limits."""
        object.__setattr__(self, "recorder", Recorder(self.now))
        object.__setattr__(self, "prompt_cache", PromptCache(self.clock))
        object.__setattr__(self, "rates", RateMeter(self.limits, self.clock, self.now))
        object.__setattr__(self, "batches", BatchStore(self.now))
        object.__setattr__(self, "aws_accounts", {self.aws.access_key: self.aws})
