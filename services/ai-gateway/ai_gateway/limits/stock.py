"""What one replica holds of an organization's bucket, and owes it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ai_gateway.limits.buckets import Allowance, Ask, Grant
from ai_gateway.limits.refused import Limit, RefusedError

# Of the most that may come at once; what a replica that dies takes with it.
_MOST_AHEAD = 0.05


@dataclass(slots=True, eq=False)
class Call:
    """Waits for the next visit to the bucket."""

    tokens: int
    answer: "asyncio.Future[RefusedError | None]"


@dataclass(slots=True, eq=False)
class Stock:
    """Permits taken in advance. As many as were used a moment ago: so most calls find one, few lie about."""

    allowance: Allowance
    requests: int = 0
    tokens: int = 0
    owed_requests: int = 0  # below zero: to be given back
    owed_tokens: int = 0
    calls: list[Call] = field(default_factory=list)
    refused: RefusedError | None = None
    refused_tokens: int = 0
    refused_at: float = 0.0
    _used_requests: int = 0
    _used_tokens: int = 0
    _ahead_requests: int = 0
    _ahead_tokens: int = 0

    def take(self, tokens: int) -> bool:
        """Takes a call's permits if they are here."""
        if self.requests < 1 or self.tokens < tokens or self.calls:
            return False
        self.requests -= 1
        self.tokens -= tokens
        self._use(tokens)
        return True

    def return_(self, requests: int, tokens: int) -> None:
        """Below zero: more was used. It reaches the bucket with the next visit."""
        self.owed_requests -= requests
        self.owed_tokens -= tokens
        if requests > 0 or tokens > 0:
            self.refused = None

    def tick(self) -> bool:
        """Looks at what was used since the last tick. Whether a visit is due."""
        self._ahead_requests = self._ahead_tokens = 0
        self._aim()
        self._used_requests = self._used_tokens = 0
        held = (self.requests, self.tokens)
        return bool(
            self.owed_requests or self.owed_tokens or held != (self._ahead_requests, self._ahead_tokens)
        )

    @property
    def idle(self) -> bool:
        """Nothing is lost when it is forgotten."""
        owes = self.owed_requests or self.owed_tokens
        return not (owes or self.requests or self.tokens or self.calls or self._ahead_requests)

    def ask(self, calls: Sequence[Call]) -> Ask:
        """The next visit; what it gives back is no longer here."""
        self._aim()
        surplus_requests = max(0, self.requests - self._ahead_requests)
        surplus_tokens = max(0, self.tokens - self._ahead_tokens)
        ask = Ask(
            [call.tokens for call in calls],
            surplus_requests - self.owed_requests,
            surplus_tokens - self.owed_tokens,
            max(0, self._ahead_requests - self.requests),
            max(0, self._ahead_tokens - self.tokens),
        )
        self.requests -= surplus_requests
        self.tokens -= surplus_tokens
        self.owed_requests = self.owed_tokens = 0
        return ask

    def receive(self, calls: Sequence[Call], grant: Grant, now: float) -> None:
        """Answers the calls; what was granted to one that has gone is given back."""
        self.requests += grant.ahead_requests
        self.tokens += grant.ahead_tokens
        for call, refusal in zip(calls, grant.refusals, strict=True):
            if refusal is not None:
                self._remember(call.tokens, refusal, now)
            elif call.answer.done():
                self.return_(1, call.tokens)
            else:
                self._use(call.tokens)
            if not call.answer.done():
                call.answer.set_result(refusal)

    def _aim(self) -> None:
        """As much as was used since the last tick, or in the tick before."""
        # For a single call a stock would cost two visits and save none.
        if self._used_requests > 1:
            requests = min(self._used_requests, int(self.allowance.most_requests * _MOST_AHEAD))
            tokens = min(self._used_tokens, int(self.allowance.most_tokens * _MOST_AHEAD))
            self._ahead_requests = max(self._ahead_requests, requests)
            self._ahead_tokens = max(self._ahead_tokens, tokens)

    def _use(self, tokens: int) -> None:
        self._used_requests += 1
        self._used_tokens += tokens

    def _remember(self, tokens: int, refusal: RefusedError, now: float) -> None:
        """The smallest call that was refused: what is at least as large is refused as well for a while."""
        smallest = 0 if refusal.limit is Limit.ORG_REQUESTS else tokens
        if self.refused is None or smallest <= self.refused_tokens:
            self.refused, self.refused_tokens, self.refused_at = refusal, smallest, now
