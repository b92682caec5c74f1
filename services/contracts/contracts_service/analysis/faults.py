"""Which faults of an analysis pass by themselves, and how long to wait for that."""

import random
from datetime import timedelta

import grpc

from service_runtime.errors import DomainError, Reason

_PASSING = frozenset(
    {
        Reason.ERROR_REASON_AI_RATE_LIMITED,
        Reason.ERROR_REASON_AI_UNAVAILABLE,
        Reason.ERROR_REASON_AI_TIMEOUT,
        Reason.ERROR_REASON_AI_ANSWER_OFF_SCHEMA,
        Reason.ERROR_REASON_AI_ANSWER_TRUNCATED,
        Reason.ERROR_REASON_OVERLOADED,
        Reason.ERROR_REASON_DEADLINE_EXCEEDED,
        Reason.ERROR_REASON_DEPENDENCY_UNAVAILABLE,
        Reason.ERROR_REASON_INTERNAL,
    }
)
_OUTAGES = frozenset(
    {
        Reason.ERROR_REASON_AI_RATE_LIMITED,
        Reason.ERROR_REASON_AI_UNAVAILABLE,
        Reason.ERROR_REASON_OVERLOADED,
        Reason.ERROR_REASON_DEPENDENCY_UNAVAILABLE,
    }
)
_FIRST_SECONDS, _LONGEST_SECONDS = 0.5, 60.0


def passes(fault: DomainError) -> bool:
    """True where the same work may succeed later without anybody's help."""
    return fault.reason in _PASSING


def is_outage(fault: DomainError) -> bool:
    """True where nobody answered for now: asking again costs nothing, and it says nothing of the work."""
    return fault.reason in _OUTAGES


def delay(fault: DomainError, attempt: int) -> timedelta:
    """What the fault asks for, or an exponential wait with jitter; `attempt` counts from 1."""
    if fault.retry_after is not None:
        return min(fault.retry_after, timedelta(seconds=_LONGEST_SECONDS))
    ceiling = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2**attempt)
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311 jitter, not a secret


def off_schema(problem: str) -> DomainError:
    """Claude's answer is not the object that was asked for."""
    return DomainError(
        grpc.StatusCode.INTERNAL,
        Reason.ERROR_REASON_AI_ANSWER_OFF_SCHEMA,
        f"Claude's answer is not of the shape that was asked for ({problem}).",
    )


def unexpected(what: str) -> DomainError:
    """A fault of ours; the log has the rest."""
    return DomainError(
        grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_INTERNAL, f"Something broke on our side: {what}."
    )
