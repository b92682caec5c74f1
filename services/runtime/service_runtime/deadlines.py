"""The time that is left: read by whatever waits, passed on with each outgoing call."""

import time
from contextvars import ContextVar, Token

# On the monotonic clock; None where nobody waits (background work sets its own).
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)

# Kept back from the next hop, so that its DEADLINE_EXCEEDED arrives while we can still answer.
_HOP_MARGIN_SECONDS = 0.02


def set_remaining(seconds: float) -> Token[float | None]:
    """Sets the deadline of the current task to `seconds` from now."""
    return _deadline.set(time.monotonic() + seconds)


def reset(token: Token[float | None]) -> None:
    """Back to what was set before."""
    _deadline.reset(token)


def remaining(maximum: float) -> float:
    """Seconds left, at most `maximum` and never below zero."""
    end = _deadline.get()
    if end is None:
        return maximum
    return max(0.0, min(maximum, end - time.monotonic()))


def for_next_hop(maximum: float) -> float:
    """Seconds that an outgoing call may take."""
    return max(0.0, remaining(maximum) - _HOP_MARGIN_SECONDS)
