"""When a request is sent again, and after how long."""

import random

from hypothesis import given
from hypothesis import strategies as st

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.retries import Retries

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
