"""Token buckets of organizations, kept in this process: for one without Valkey, and while Valkey is away."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from ai_gateway.limits.refused import Limit, RefusedError

# Waiting exactly as long as one was told must be enough, whatever the rounding.
ROUNDING = 1e-6
_FEW_BUCKETS = 1024


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an organization may use in a minute. It comes evenly; what is unused is kept for `burst_seconds`.

    So no window of W seconds sees more than (W + burst_seconds) / 60 of it.
    """

    requests: int
    tokens: int
    burst_seconds: float = 10.0

    @property
    def most_requests(self) -> int:
        """At once."""
        return max(1, int(self.requests * self.burst_seconds / 60))

    @property
    def most_tokens(self) -> int:
        """At once. A larger call takes all of it, and is charged the rest when its use is known."""
        return max(1, int(self.tokens * self.burst_seconds / 60))


@dataclass(frozen=True, slots=True)
class Ask:
    """One visit to the bucket: first what is given back, then calls in their order, then some in advance."""

    calls: Sequence[int] = ()  # the tokens of each, at most `most_tokens`
    back_requests: int = 0
    back_tokens: int = 0  # below zero: used beyond what was taken
    ahead_requests: int = 0
    ahead_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """Of each call None, or why not; and what was granted in advance, up to what was asked for."""

    refusals: tuple[RefusedError | None, ...]
    ahead_requests: int
    ahead_tokens: int


class Buckets(Protocol):
    """Never raises: limits protect others, they are no reason to fail."""

    async def visit(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        """All of it at once, as far as other replicas can see."""


@dataclass(slots=True)
class Bucket:
    """How much of each is missing from a full bucket, at a time in seconds."""

    at: float
    requests: float = 0.0
    tokens: float = 0.0

    def visit(self, now: float, allowance: Allowance, ask: Ask) -> Grant:
        """The same as the script of `shared_buckets`."""
        self._fill(now, allowance, ask)
        refusals = tuple(self._call(allowance, tokens) for tokens in ask.calls)
        requests = _spare(self.requests, allowance.most_requests, ask.ahead_requests)
        tokens = _spare(self.tokens, allowance.most_tokens, ask.ahead_tokens)
        self.requests += requests
        self.tokens += tokens
        return Grant(refusals, requests, tokens)

    def _fill(self, now: float, allowance: Allowance, ask: Ask) -> None:
        # A clock that was set back must not stop the filling until it has caught up.
        gone = max(0.0, now - self.at) / 60
        self.at = now
        self.requests = max(0.0, self.requests - gone * allowance.requests)
        self.requests = max(0.0, self.requests - ask.back_requests)
        self.tokens = max(0.0, self.tokens - gone * allowance.tokens)
        self.tokens = max(0.0, self.tokens - ask.back_tokens)

    def _call(self, allowance: Allowance, tokens: int) -> RefusedError | None:
        late_requests = (self.requests + 1 - allowance.most_requests) * 60 / allowance.requests
        late_tokens = (self.tokens + tokens - allowance.most_tokens) * 60 / allowance.tokens
        if max(late_requests, late_tokens) > ROUNDING:
            limit = Limit.ORG_REQUESTS if late_requests >= late_tokens else Limit.ORG_TOKENS
            return RefusedError(limit, max(late_requests, late_tokens))
        self.requests += 1
        self.tokens += tokens
        return None


def _spare(missing: float, most: int, wanted: int) -> int:
    # In advance only from the upper half: near the limit each permit is taken when it is needed, so that no
    # replica is refused what another one keeps in stock.
    return max(0, min(wanted, math.floor(most / 2 - missing)))


class LocalBuckets:
    """Knows the calls of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: dict[UUID, tuple[Bucket, Allowance]] = {}
        self._sweep_at = _FEW_BUCKETS

    async def visit(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        return self.visited(org_id, allowance, ask)

    def visited(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        """At once."""
        bucket, _ = self._of.get(org_id) or (Bucket(self._clock()), allowance)
        self._of[org_id] = bucket, allowance
        if len(self._of) > self._sweep_at:
            self._sweep()
        return bucket.visit(self._clock(), allowance, ask)

    def _sweep(self) -> None:
        """A bucket that is full again says no more than none."""
        now = self._clock()
        for org_id, (bucket, allowance) in list(self._of.items()):
            bucket.visit(now, allowance, Ask())
            if not bucket.requests and not bucket.tokens:
                del self._of[org_id]
        self._sweep_at = max(_FEW_BUCKETS, 2 * len(self._of))
