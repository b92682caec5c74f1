"""What was asked of the simulator and how each request ended, kept for tests to look at."""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from claude_simulator.changes import Changes

KEPT = 1_000
_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "x-amz-security-token", "cookie"})


class Outcome(StrEnum):
    """How a request ended."""

    PENDING = "PENDING"
    ANSWERED = "ANSWERED"  # a complete answer, also of an error
    ABORTED = "ABORTED"  # the client went away first
    CUT = "CUT"  # a scripted fault closed the connection


@dataclass
class Exchange:
    """One recorded request. Times are UTC; what is `_ms` counts from the request's start, monotonically."""

    id: str
    method: str
    path: str
    headers: Mapping[str, str]
    received_at: datetime
    body: object = None
    rule: int | None = None
    status: int | None = None
    outcome: Outcome = Outcome.PENDING
    ended_at: datetime | None = None
    ended_ms: float | None = None
    events_sent: int = 0
    usage: Mapping[str, int] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def to_json(self) -> dict[str, object]:
        """The form the control plane shows."""
        shown: dict[str, object] = dict(vars(self))
        del shown["began"]
        shown["received_at"] = self.received_at.isoformat()
        shown["ended_at"] = self.ended_at.isoformat() if self.ended_at else None
        shown["aborted"] = self.outcome is Outcome.ABORTED
        shown["aborted_ms"] = self.ended_ms if self.outcome is Outcome.ABORTED else None
        return shown


class Recorder:
    """The last requests, and counts of all."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now`: the time in UTC."""
        self._now = now
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._changes = Changes()

    def open(self, request_id: str, method: str, path: str, headers: Mapping[str, str]) -> Exchange:
        """Start to record a request; credentials are left out."""
        shown = {
            name.lower(): value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS
        }
        exchange = Exchange(request_id, method, path, shown, self._now())
        self._kept.append(exchange)
        self._counts["requests"] += 1
        self._changes.tell()
        return exchange

    def close(self, exchange: Exchange, outcome: Outcome) -> None:
        """The request has ended; whoever waits for it is told."""
        exchange.outcome, exchange.ended_at = outcome, self._now()
        exchange.ended_ms = round((time.monotonic() - exchange.began) * 1_000, 3)
        self._counts[outcome.value.lower()] += 1
        if exchange.status is not None:
            self._counts[f"status_{exchange.status}"] += 1
        self._counts.update(exchange.usage)
        self._changes.tell()

    def count(self, amounts: Mapping[str, int]) -> None:
        """Add to the counts what is no request of its own, such as an item of a batch."""
        self._counts.update(amounts)

    def listed(self, outcome: Outcome | None = None) -> list[Exchange]:
        """The kept requests, oldest first."""
        return [exchange for exchange in self._kept if outcome in (None, exchange.outcome)]

    async def wait_for(self, outcome: Outcome | None, count: int, patience: float) -> list[Exchange]:
        """`listed`, once at least `count` are there or `patience` seconds have passed."""
        await self._changes.until(lambda: len(self.listed(outcome)) >= count, patience)
        return self.listed(outcome)

    def counts(self) -> dict[str, int]:
        """Requests, outcomes, statuses and tokens since the start or the last `clear`."""
        return dict(self._counts)

    def clear(self) -> None:
        """Forget what was recorded."""
        self._kept.clear()
        self._counts.clear()
