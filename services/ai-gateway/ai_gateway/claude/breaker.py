"""A circuit breaker: while Claude fails at most calls for a model, callers are told so at once."""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ai_gateway.claude.faults import ClaudeError, FaultKind

# What tells of Claude's state. Rate limits are not an illness, and a refused request is its caller's.
_FAILURES = frozenset({FaultKind.OVERLOADED, FaultKind.FAILED, FaultKind.UNREACHABLE})


class State(StrEnum):
    """CLOSED lets all calls through, OPEN none, HALF_OPEN a few that try."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, slots=True)
class Trip:
    """When a breaker opens, and for how long. Times in seconds."""

    window: float = 10.0
    least_calls: int = 20
    failing: float = 0.5
    open_for: float = 5.0
    probes: int = 3
    # A timeout counts only when Claude had this long: a caller in a hurry says nothing of it.
    slow: float = 5.0


@dataclass(slots=True)
class _Slice:
    """The calls that ended within one second of the window."""

    second: int
    worked: int = 0
    failed: int = 0


class Breaker:
    """Of one model on one transport. Its memory does not grow with the calls."""

    def __init__(self, trip: Trip, clock: Callable[[], float] = time.monotonic) -> None:
        self._trip = trip
        self._clock = clock
        self._slices: deque[_Slice] = deque()
        self._state = State.CLOSED
        self._opens_at = 0.0  # when an open breaker becomes half-open
        self._probing = 0
        self._turn = 0  # grows with every change of state: a call's end is news only in its own

    @property
    def state(self) -> State:
        """As it is now."""
        if self._state is State.OPEN and self._clock() >= self._opens_at:
            self._become(State.HALF_OPEN)
        return self._state

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Around a call until its answer begins. Raises ClaudeError HELD_OFF, with when to come back."""
        turn, began = self._enter(), self._clock()
        try:
            yield
        except ClaudeError as fault:
            late = fault.kind is FaultKind.TIMED_OUT and self._clock() - began >= self._trip.slow
            self._leave(turn, worked=False if late or fault.kind in _FAILURES else None)
            raise
        except BaseException:
            self._leave(turn, worked=None)
            raise
        self._leave(turn, worked=True)

    def _enter(self) -> int:
        state = self.state
        if state is State.OPEN:
            raise ClaudeError(FaultKind.HELD_OFF, retry_after=self._opens_at - self._clock())
        if state is State.HALF_OPEN:
            if self._probing >= self._trip.probes:
                raise ClaudeError(FaultKind.HELD_OFF, retry_after=self._trip.open_for)
            self._probing += 1
        return self._turn

    def _leave(self, turn: int, *, worked: bool | None) -> None:
        """`worked` is None when the call says nothing of Claude's state."""
        if turn != self._turn:
            return
        if self._state is State.HALF_OPEN:
            self._probing -= 1
            if worked is not None:
                self._become(State.CLOSED if worked else State.OPEN)
        elif worked is not None:
            self._count(worked=worked)
            if not worked and self._is_failing():
                self._become(State.OPEN)

    def _become(self, state: State) -> None:
        self._state = state
        self._turn += 1
        self._probing = 0
        self._slices.clear()
        self._opens_at = self._clock() + self._trip.open_for

    def _count(self, *, worked: bool) -> None:
        second = int(self._clock())
        if not self._slices or self._slices[-1].second != second:
            self._slices.append(_Slice(second))
        if worked:
            self._slices[-1].worked += 1
        else:
            self._slices[-1].failed += 1
        self._forget()

    def _is_failing(self) -> bool:
        failed = sum(part.failed for part in self._slices)
        calls = failed + sum(part.worked for part in self._slices)
        return calls >= self._trip.least_calls and failed >= self._trip.failing * calls

    def _forget(self) -> None:
        while self._slices and self._slices[0].second <= self._clock() - self._trip.window:
            self._slices.popleft()


class Breakers:
    """One for each model; there are as many as the catalogue has models."""

    def __init__(self, trip: Trip | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._trip = trip or Trip()
        self._clock = clock
        self._of: dict[str, Breaker] = {}

    def of(self, model: str) -> Breaker:
        """The model's own."""
        breaker = self._of.get(model)
        if breaker is None:
            breaker = self._of[model] = Breaker(self._trip, self._clock)
        return breaker

    def states(self) -> dict[str, State]:
        """Of every model that was asked; for the metrics."""
        return {model: breaker.state for model, breaker in self._of.items()}
