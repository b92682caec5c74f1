"""When a request is sent again, and after how long."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.retries import Budget, Retries

PASSING = (
    FaultKind.RATE_LIMITED,
    FaultKind.OVERLOADED,
    FaultKind.FAILED,
    FaultKind.UNREACHABLE,
    FaultKind.CUT,
)


@given(
    kind=st.sampled_from(FaultKind),
    began=st.booleans(),
    attempt=st.integers(1, 10),
    retry_after=st.none() | st.floats(0, 3600),
    left=st.floats(-1, 100),
    seed=st.integers(),
)
def test_pauses_are_bounded_and_only_for_what_passes(
    kind: FaultKind, attempt: int, retry_after: float | None, left: float, seed: int, *, began: bool
) -> None:
    retries = Retries(chance=random.Random(seed))
    pause = retries.pause(attempt, ClaudeError(kind, retry_after=retry_after, began=began), left)
    if pause is None:
        return
    assert kind in PASSING
    assert not began
    assert attempt < retries.attempts
    assert (retry_after or 0) <= pause <= retries.longest_pause
    assert pause + retries.worth_trying <= left


def test_what_passes_is_asked_again_while_there_is_time() -> None:
    retries = Retries()
    for kind in PASSING:
        assert retries.pause(1, ClaudeError(kind), 30) is not None
        assert retries.pause(1, ClaudeError(kind), 0.3) is None
    assert retries.pause(1, ClaudeError(FaultKind.RATE_LIMITED, retry_after=4), 30) is not None
    assert retries.pause(1, ClaudeError(FaultKind.RATE_LIMITED, retry_after=6), 30) is None


def test_pauses_of_many_callers_differ_and_grow() -> None:
    """Without jitter all that failed together would come again together."""
    retries = Retries(budget=Budget(most=1000))
    first, second = (
        [retries.pause(n, ClaudeError(FaultKind.FAILED), 30) for _ in range(100)] for n in (1, 2)
    )
    assert len(set(first)) == 100
    assert max(p for p in first if p is not None) <= retries.first_pause
    assert max(p for p in second if p is not None) > retries.first_pause


def test_a_healed_fault_is_asked_again_at_once_and_costs_nothing() -> None:
    budget = Budget(most=0)
    refused = ClaudeError(FaultKind.KEY_REFUSED, status=401)
    assert Retries(budget=budget).pause(1, refused, 30) is None
    refused.healed = True
    assert Retries(budget=budget).pause(1, refused, 30) == 0
    assert Retries(budget=budget).pause(3, refused, 30) is None
    assert Retries(budget=budget).pause(1, refused, 0.1) is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def outage(budget: Budget, clock: Clock, *, calls: int, per_second: float) -> int:
    """What is sent when every call fails: the calls, and what they ask again."""
    retries, sent = Retries(budget=budget), 0
    for _ in range(calls):
        clock.now += 1 / per_second
        for attempt in range(1, retries.attempts + 1):
            sent += 1
            if retries.pause(attempt, ClaudeError(FaultKind.OVERLOADED), 30) is None:
                break
    return sent


def test_an_outage_is_not_multiplied() -> None:
    """First with a budget that holds nothing back: three times the load on a Claude that is down."""
    clock = Clock()
    assert outage(Budget(most=1e9, clock=clock), clock, calls=1000, per_second=50) == 3000
    clock = Clock()
    assert outage(Budget(clock=clock), clock, calls=1000, per_second=50) <= 1000 + 20 + 0.5 * 20


def test_a_gateway_with_little_to_do_still_heals() -> None:
    clock = Clock()
    assert outage(Budget(clock=clock), clock, calls=100, per_second=0.2) == 300


@given(st.lists(st.sampled_from(["answered", "failed", "second"]), max_size=400))
def test_retries_are_a_tenth_of_the_answers_beyond_the_floor(events: list[str]) -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    taken, answers = 0, 0
    for event in events:
        if event == "answered":
            budget.answered()
            answers += 1
        elif event == "failed":
            taken += budget.take()
        else:
            clock.now += 1
        assert taken <= budget.most + budget.per_answer * answers + budget.per_second * clock.now + 1e-6


def test_answers_pay_for_retries() -> None:
    clock = Clock()
    budget = Budget(clock=clock)
    while budget.take():
        pass
    for _ in range(101):
        budget.answered()
    assert sum(budget.take() for _ in range(50)) == 10
