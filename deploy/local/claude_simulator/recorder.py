"""What was asked of the simulator and how each request ended, kept for tests to look at."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

KEPT = 1_000
_SECRET_HEADERS = frozenset({"authorization", "x-api-key", "cookie"})


class Outcome(StrEnum):
    """How a request ended."""

    PENDING = "PENDING"
    ANSWERED = "ANSWERED"  # a complete answer, also of an error
    ABORTED = "ABORTED"  # the client went away first
    CUT = "CUT"  # a scripted fault closed the connection


@dataclass
class Exchange:
    """One recorded request. Times are UTC."""

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
    usage: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """The form the control plane shows."""
        shown: dict[str, object] = dict(vars(self))
        shown["received_at"] = self.received_at.isoformat()
        shown["ended_at"] = self.ended_at.isoformat() if self.ended_at else None
        shown["aborted"] = self.outcome is Outcome.ABORTED
        return shown


class Recorder:
    """The last requests, and counts of all."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now`: the time in UTC."""
        self._now = now
        self._kept: deque[Exchange] = deque(maxlen=KEPT)
        self._counts: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    async def open(self, request_id: str, method: str, path: str, headers: Mapping[str, str]) -> Exchange:
        """Start to record a request; credentials are left out."""
        shown = {
            name.lower(): value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS
        }
        exchange = Exchange(request_id, method, path, shown, self._now())
        self._kept.append(exchange)
        self._counts["requests"] += 1
        await self._tell()
        return exchange

    async def close(self, exchange: Exchange, outcome: Outcome) -> None:
        """The request has ended; whoever waits for it is told."""
        exchange.outcome, exchange.ended_at = outcome, self._now()
        self._counts[outcome.value.lower()] += 1
        if exchange.status is not None:
            self._counts[f"status_{exchange.status}"] += 1
        self._counts.update(exchange.usage)
        await self._tell()

    def listed(self, outcome: Outcome | None = None) -> list[Exchange]:
        """The kept requests, oldest first."""
        return [exchange for exchange in self._kept if outcome in (None, exchange.outcome)]

    async def wait_for(self, outcome: Outcome | None, count: int, patience: float) -> list[Exchange]:
        """`listed`, once at least `count` are there or `patience` seconds have passed."""
        try:
            async with asyncio.timeout(patience), self._changed:
                await self._changed.wait_for(lambda: len(self.listed(outcome)) >= count)
        except TimeoutError:
            pass
        return self.listed(outcome)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def counts(self) -> dict[str, int]:
        """Requests, outcomes, statuses and tokens since the start or the last `clear`."""
        return dict(self._counts)

    def clear(self) -> None:
        """Forget what was recorded."""
        self._kept.clear()
        self._counts.clear()
