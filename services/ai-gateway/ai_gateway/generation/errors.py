"""What a caller is told when there is no answer. Claude's own words never reach it."""

from datetime import timedelta

import grpc

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.models import ModelUnavailableError
from ai_gateway.limits.refused import Limit, RefusedError
from service_runtime.errors import DomainError, Reason

# Told where Claude names no delay.
_USUAL_DELAY = timedelta(seconds=5)


def model_unavailable(unavailable: ModelUnavailableError) -> DomainError:
    """The model is unknown or retired."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_AI_MODEL_UNAVAILABLE,
        f"The model {unavailable.model} is unknown or retired. Use {unavailable.replacement}.",
        {"model": unavailable.model, "replacement": unavailable.replacement},
    )


def schema_invalid(field: str, problem: str) -> DomainError:
    """`field` is the path inside the schema, from `prompt.output_schema` on."""
    return _about(Reason.ERROR_REASON_AI_SCHEMA_INVALID, field, problem)


def off_schema() -> DomainError:
    """The answer, and for a plain call also the second one, is not what the schema asks for."""
    return DomainError(
        grpc.StatusCode.INTERNAL,
        Reason.ERROR_REASON_AI_ANSWER_OFF_SCHEMA,
        "Claude's answer does not have the form that was asked for.",
    )


def refused() -> DomainError:
    """Claude declined."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_AI_REFUSED,
        "Claude declined to answer this question.",
    )


def prompt_leaked() -> DomainError:
    """A document may have asked for it: see the seal."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_AI_PROMPT_LEAKED,
        "The answer repeated the confidential instructions of its question, so it was withheld. "
        "Look for a text in the question that asks for them.",
    )


def truncated() -> DomainError:
    """An answer with a schema is of no use when its end is missing."""
    return DomainError(
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_AI_ANSWER_TRUNCATED,
        "The answer was cut at max_tokens. Ask for more tokens, or for less at once.",
    )


def held_back(refused: RefusedError) -> DomainError:
    """The call was not let out, and may be made again after the delay."""
    reason, message = _HELD_BACK[refused.limit]
    return DomainError(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason,
        message,
        {"limit": refused.limit.value},
        retry_after=timedelta(seconds=refused.retry_after),
    )


_HELD_BACK = {
    Limit.ORG_REQUESTS: (
        Reason.ERROR_REASON_RATE_LIMITED,
        "Your organization has made its requests of this minute. Try again after the delay.",
    ),
    Limit.ORG_TOKENS: (
        Reason.ERROR_REASON_RATE_LIMITED,
        "Your organization has used its tokens of this minute. Try again after the delay.",
    ),
    Limit.UPSTREAM_PACE: (
        Reason.ERROR_REASON_AI_RATE_LIMITED,
        "Claude's rate limit would be passed. Try again after the delay.",
    ),
    Limit.OVERLOADED: (
        Reason.ERROR_REASON_OVERLOADED,
        "More calls wait for Claude than can be answered in time. Try again after the delay.",
    ),
}


def redaction_failed() -> DomainError:
    """What was not searched for personal data does not leave."""
    return DomainError(
        grpc.StatusCode.INTERNAL,
        Reason.ERROR_REASON_AI_REDACTION_FAILED,
        "The request could not be searched for personal data, so it was not sent.",
    )


def of_fault(fault: ClaudeError) -> DomainError:
    """The error for a fault that retries did not heal."""
    if fault.field:
        return _field_refused(fault.field)
    code, reason, message = _TOLD[fault.kind]
    passing = fault.kind in _PASSING
    delay = _USUAL_DELAY if fault.retry_after is None else timedelta(seconds=fault.retry_after)
    return DomainError(code, reason, message, retry_after=delay if passing else None)


def _field_refused(field: str) -> DomainError:
    """`field` is the path in the Messages API: `messages.0.content.1.type`, or of what was passed through."""
    root, *steps = field.split(".")
    path = f"prompt.{root}" if root in _NAMED_HERE else f"prompt.raw.{root}"
    path += "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in steps)
    return _about(Reason.ERROR_REASON_AI_FIELD_REFUSED, path, "Claude does not accept it")


def _about(reason: "Reason.ValueType", field: str, problem: str) -> DomainError:
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        reason,
        f"{field}: {problem}",
        {"field": field},
        violations={field: problem},
    )


_NAMED_HERE = frozenset({"messages", "max_tokens"})
_UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, Reason.ERROR_REASON_AI_UNAVAILABLE)
_MISCONFIGURED = (grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_AI_MISCONFIGURED)
_PASSING = frozenset({FaultKind.RATE_LIMITED, FaultKind.OVERLOADED, FaultKind.HELD_OFF})
_TOLD = {
    FaultKind.RATE_LIMITED: (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        Reason.ERROR_REASON_AI_RATE_LIMITED,
        "Claude's rate limit is reached. Try again after the delay.",
    ),
    FaultKind.OVERLOADED: (*_UNAVAILABLE, "Claude is overloaded. Try again after the delay."),
    FaultKind.FAILED: (*_UNAVAILABLE, "Claude failed to answer. Try again later."),
    FaultKind.UNREACHABLE: (*_UNAVAILABLE, "Claude cannot be reached. Try again later."),
    FaultKind.HELD_OFF: (*_UNAVAILABLE, "Claude has been failing. Try again after the delay."),
    FaultKind.NOT_OFFERED: (
        grpc.StatusCode.FAILED_PRECONDITION,
        Reason.ERROR_REASON_AI_NOT_OFFERED,
        "This gateway reaches Claude by Amazon Bedrock, which does not offer this.",
    ),
    FaultKind.CUT: (*_UNAVAILABLE, "Claude's answer broke off. Try again."),
    FaultKind.MALFORMED: (*_UNAVAILABLE, "Claude's answer could not be read. Try again."),
    FaultKind.TIMED_OUT: (
        grpc.StatusCode.DEADLINE_EXCEEDED,
        Reason.ERROR_REASON_AI_TIMEOUT,
        "Claude did not answer in time.",
    ),
    FaultKind.KEY_REFUSED: (*_MISCONFIGURED, "Claude does not accept our key. Operators must look."),
    FaultKind.MODEL_REFUSED: (
        *_MISCONFIGURED,
        "Claude does not offer this model to us. Operators must look.",
    ),
    FaultKind.REQUEST_REFUSED: (*_MISCONFIGURED, "Claude does not accept our request. Operators must look."),
    FaultKind.TOO_LARGE: (
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_AI_REQUEST_TOO_LARGE,
        "The request is larger than the model can read at once.",
    ),
}
