"""What goes wrong, in one line each: the reason, and what to do about it."""

from datetime import timedelta

import grpc
from grpc_status import rpc_status

from ai_gateway.cli.figures import span
from service_runtime.errors import DomainError, from_status

_TOKEN = "Give a fresh access token in BLOOM_AI_TOKEN."  # noqa: S105 it names where one goes
_HINTS = {
    "TOKEN_MISSING": _TOKEN,
    "TOKEN_INVALID": _TOKEN,
    "TOKEN_EXPIRED": _TOKEN,
    "CREDENTIALS_INVALID": "Is .local of another mesh? `make down` and `make up` write it anew.",
    "WORKLOAD_REQUIRED": "Claude is asked through a service: give its token in BLOOM_AI_WORKLOAD_TOKEN.",
    "AI_BUDGET_SPENT": "`bloom-ai budgets` shows what is left, `bloom-ai budgets set` changes it.",
    "AI_MODEL_UNAVAILABLE": "`bloom-ai models` lists the models.",
    "METHOD_UNKNOWN": "The gateway there is older than this bloom-ai.",
}


class CommandError(Exception):
    """A command cannot go on. Its text is one line, for the person who called it; it holds no secret."""


def explained(failed: grpc.RpcError, unreachable: str, not_known: str) -> CommandError:
    """A failed call. `unreachable` is told where nobody answers, `not_known` where no gateway does."""
    code = grpc.StatusCode.UNKNOWN
    if isinstance(failed, grpc.Call):
        status, code = rpc_status.from_call(failed), failed.code()
        if status is not None:
            return CommandError(_refusal(from_status(status)))
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return CommandError(
            "DEADLINE_EXCEEDED: no answer came in time. Try again, or allow more with --timeout."
        )
    return CommandError(unreachable if code is grpc.StatusCode.UNAVAILABLE else not_known)


def _refusal(error: DomainError) -> str:
    parts = [f"{error.reason_name}: {' '.join(error.message.split())}"]
    hint = _HINTS.get(error.reason_name)
    if hint:
        parts.append(hint)
    elif error.retry_after is not None and "ry again" not in error.message:
        parts.append(f"Try again in {span(max(error.retry_after, timedelta(milliseconds=1)))}.")
    return " ".join(parts)
