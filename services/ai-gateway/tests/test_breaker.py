"""The circuit breaker: held against a slow and plain account of the same calls."""

import contextlib
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ai_gateway.claude.breaker import Breaker, Breakers, State, Trip
from ai_gateway.claude.faults import ClaudeError, FaultKind

TRIP = Trip(least_calls=4, probes=2)
FAILURES = (FaultKind.OVERLOADED, FaultKind.FAILED, FaultKind.UNREACHABLE)
NO_FAILURES = tuple(kind for kind in FaultKind if kind not in FAILURES)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Call:
    """One that is under way; `end` tells the breaker how it went."""

    breaker: Breaker
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def __post_init__(self) -> None:
        self._stack.enter_context(self.breaker.watching())

    def end(self, fault: BaseException | None = None) -> None:
        assert not self._stack.__exit__(type(fault) if fault else None, fault, None)


def ask(breaker: Breaker, kind: FaultKind | None = None) -> None:
    Call(breaker).end(None if kind is None else ClaudeError(kind))


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(TRIP, clock)
    for _ in range(TRIP.least_calls):
        ask(breaker, FaultKind.OVERLOADED)
    assert breaker.state is State.OPEN
    return breaker


def test_while_open_callers_are_refused_at_once_and_told_when_to_come_back() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 2
    with pytest.raises(ClaudeError) as refused:
        ask(breaker)
    assert (refused.value.kind, refused.value.passing) == (FaultKind.HELD_OFF, False)
    assert refused.value.retry_after == pytest.approx(TRIP.open_for - 2)


def test_a_few_probe_and_the_first_that_works_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += TRIP.open_for
    probes = [Call(breaker) for _ in range(TRIP.probes)]
    with pytest.raises(ClaudeError):
        ask(breaker)
    probes[0].end()
    assert breaker.state is State.CLOSED
    probes[1].end(ClaudeError(FaultKind.FAILED))
    ask(breaker)


def test_a_probe_that_fails_opens_it_again_and_one_that_is_cancelled_makes_room() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += TRIP.open_for
    for _ in range(5):
        Call(breaker).end(GeneratorExit())
    ask(breaker, FaultKind.UNREACHABLE)
    assert breaker.state is State.OPEN


@pytest.mark.parametrize("kind", NO_FAILURES)
def test_what_is_not_an_illness_of_claude_does_not_open_it(kind: FaultKind) -> None:
    breaker = Breaker(TRIP, Clock())
    for _ in range(100):
        ask(breaker, kind)
    assert breaker.state is State.CLOSED


def test_a_timeout_counts_when_claude_had_its_time_and_not_when_the_caller_had_none() -> None:
    clock = Clock()
    breaker = Breaker(TRIP, clock)
    for seconds, state in ((0.1, State.CLOSED), (TRIP.slow, State.OPEN)):
        calls = [Call(breaker) for _ in range(TRIP.least_calls)]
        clock.now += seconds
        for call in calls:
            call.end(ClaudeError(FaultKind.TIMED_OUT))
        assert breaker.state is state


def test_each_model_has_its_own() -> None:
    breakers = Breakers(TRIP, Clock())
    for _ in range(TRIP.least_calls):
        ask(breakers.of("claude-opus-5-5"), FaultKind.FAILED)
    ask(breakers.of("claude-haiku-5-5"))
    assert breakers.states() == {"claude-opus-5-5": State.OPEN, "claude-haiku-5-5": State.CLOSED}


def test_its_memory_does_not_grow_with_the_calls() -> None:
    clock = Clock()
    breaker = Breaker(Trip(), clock)
    for _ in range(20_000):
        clock.now += 0.01
        ask(breaker)
    assert len(breaker._slices) <= Trip().window + 1


class Account(RuleBasedStateMachine):
    """What the breaker should do, told from the list of all ends of calls in whole seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(TRIP, self.clock)
        self.ends: list[tuple[float, bool]] = []
        self.calls: list[tuple[Call, int]] = []
        self.turn = 0
        self.state = State.CLOSED
        self.turned_at = self.clock.now

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds
        if self.state is State.OPEN and self.clock.now >= self.turned_at + TRIP.open_for:
            self.become(State.HALF_OPEN)

    @rule()
    def begin(self) -> None:
        probing = sum(turn == self.turn for _, turn in self.calls)
        full = self.state is State.HALF_OPEN and probing >= TRIP.probes
        if self.state is State.OPEN or full:
            with pytest.raises(ClaudeError) as refused:
                Call(self.breaker)
            assert refused.value.kind is FaultKind.HELD_OFF
            assert 0 < (refused.value.retry_after or 0) <= TRIP.open_for
        else:
            self.calls.append((Call(self.breaker), self.turn))

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), kind=st.none() | st.sampled_from(FAILURES))
    def end(self, data: st.DataObject, kind: FaultKind | None) -> None:
        turn = self.take(data).end_with(None if kind is None else ClaudeError(kind))
        if turn != self.turn:
            return
        if self.state is State.HALF_OPEN:
            self.become(State.OPEN if kind else State.CLOSED)
            return
        self.ends.append((self.clock.now, kind is not None))
        recent = [failed for at, failed in self.ends if at > self.clock.now - TRIP.window]
        if kind and len(recent) >= TRIP.least_calls and sum(recent) >= TRIP.failing * len(recent):
            self.become(State.OPEN)

    @precondition(lambda self: self.calls)
    @rule(
        data=st.data(),
        fault=st.sampled_from([ClaudeError(kind) for kind in NO_FAILURES] + [GeneratorExit(), ValueError()]),
    )
    def end_without_news(self, data: st.DataObject, fault: BaseException) -> None:
        # A timeout is news when it was long in coming; that is a test of its own.
        if not (isinstance(fault, ClaudeError) and fault.kind is FaultKind.TIMED_OUT):
            self.take(data).end_with(fault)

    def take(self, data: st.DataObject) -> "Taken":
        return Taken(*self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1))))

    def become(self, state: State) -> None:
        self.state, self.turned_at = state, self.clock.now
        self.turn += 1
        self.ends.clear()

    @invariant()
    def agrees(self) -> None:
        assert self.breaker.state is self.state


@dataclass
class Taken:
    call: Call
    turn: int

    def end_with(self, fault: BaseException | None) -> int:
        self.call.end(fault)
        return self.turn


Account.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
test_the_breaker_agrees_with_the_account = Account.TestCase
