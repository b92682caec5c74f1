"""What is known of one model's limits at Claude, and which calls are under way against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ai_gateway.limits.headers import Kind, Level
from ai_gateway.limits.refused import Use
from ai_gateway.limits.supply import Supply

# Of the newest call in the mean of how much of their estimates calls use.
_NEWEST = 0.05
_LEAST_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Load:
    """What calls are expected to take, in calls and tokens."""

    requests: float = 0.0
    input: float = 0.0
    output: float = 0.0

    def of(self, kind: Kind) -> float:
        """Its part that counts for `kind`."""
        match kind:
            case Kind.REQUESTS:
                return self.requests
            case Kind.INPUT:
                return self.input
            case Kind.OUTPUT:
                return self.output
            case Kind.TOKENS:
                return self.input + self.output

    def __add__(self, other: "Load") -> "Load":
        return Load(self.requests + other.requests, self.input + other.input, self.output + other.output)

    def __sub__(self, other: "Load") -> "Load":
        return Load(self.requests - other.requests, self.input - other.input, self.output - other.output)


NO_LOAD = Load()


@dataclass(slots=True)
class Knowledge:
    """Times on the process's clock. `heard_at` is when Claude last spoke of this model."""

    supplies: dict[Kind, Supply] = field(default_factory=dict)
    heard_at: float = float("-inf")
    closed_until: float = float("-inf")  # by a 429 that named a delay
    under_way: Load = NO_LOAD
    elsewhere: Load = NO_LOAD  # under way at other replicas
    _newest: int = 0
    _input_share: float = 1.0
    _output_share: float = 1.0

    def expected(self, estimate: Use) -> Load:
        """What a call is likely to count for: of its most output it mostly needs a part, and what it reads
        from the prompt cache does not count."""
        return Load(1.0, estimate.input * self._input_share, estimate.output * self._output_share)

    def wait(self, now: float, load: Load, ahead: Load = NO_LOAD) -> float:
        """Seconds until this load would be taken after that which is ahead of it; 0 when it is now."""
        wait = max(0.0, self.closed_until - now)
        for kind, supply in self.supplies.items():
            before = max(0.0, self.under_way.of(kind)) + self.elsewhere.of(kind) + ahead.of(kind)
            wait = max(wait, supply.wait(now, load.of(kind), before))
        return wait

    def hear(self, levels: Mapping[Kind, Level], now: float, number: int) -> None:
        """Levels that came with the answer to that call, by the order in which calls were let go.

        Answers overtake each other: the levels of a call that went earlier than one that was heard are old.
        """
        if number < self._newest:
            return
        self.heard_at, self._newest = now, number
        for kind, level in levels.items():
            supply = self.supplies.get(kind)
            if supply is None:
                self.supplies[kind] = Supply(level.limit, level.remaining, now, now + level.resets_in)
            else:
                supply.hear(level, now)

    def close(self, until: float, now: float) -> None:
        """A 429 named a delay."""
        self.heard_at = now
        self.closed_until = max(self.closed_until, until)

    def learn(self, estimate: Use, used: Use) -> None:
        """What a call used in the end; its output may have come after the last levels, so it is taken off."""
        self._input_share = _mean(self._input_share, estimate.input, used.input)
        self._output_share = _mean(self._output_share, estimate.output, used.output)
        for kind in (Kind.OUTPUT, Kind.TOKENS):
            if (supply := self.supplies.get(kind)) is not None:
                supply.remaining = max(0.0, supply.remaining - used.output)


def _mean(share: float, estimate: int, used: int) -> float:
    if estimate <= 0:
        return share
    return max(_LEAST_SHARE, share + (min(1.0, used / estimate) - share) * _NEWEST)
