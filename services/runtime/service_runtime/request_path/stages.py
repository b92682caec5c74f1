"""The stages before access, in their order: errors, telemetry, deadline, admission, identity."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import grpc
from grpc_status import rpc_status
from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, StatusCode

from service_runtime import deadlines
from service_runtime.errors import DomainError, Reason, deadline_exceeded, to_status
from service_runtime.identity import TokenVerifier, current_identity, identify
from service_runtime.redaction import redacted
from service_runtime.request_path.chain import Call, Proceed, Stage
from service_runtime.telemetry import caller_context

_log = logging.getLogger("bloom.request")
_tracer = trace.get_tracer("service_runtime")


async def errors(proceed: Proceed, call: Call) -> Any:
    """Turns what was raised into the status that the caller gets. No driver text passes."""
    try:
        return await proceed(call)
    except DomainError as refused:
        failure = refused
    except (grpc.aio.AbortError, asyncio.CancelledError, GeneratorExit):
        raise
    except Exception:  # noqa: BLE001 whatever it is, the caller gets no driver text
        trace_id = f"{trace.get_current_span().get_span_context().trace_id:032x}"
        request = redacted(call.request) if call.request is not None else {}
        _log.exception("unexpected error in %s", call.method.full_name, extra={"request": request})
        failure = DomainError(
            grpc.StatusCode.INTERNAL,
            Reason.ERROR_REASON_INTERNAL,
            "Something broke on our side. Tell support the trace id.",
            {"trace_id": trace_id},
        )
    return await call.context.abort_with_status(rpc_status.to_status(to_status(failure)))


async def telemetry(proceed: Proceed, call: Call) -> Any:
    """A server span that continues the caller's trace, and one log line a call. Contents stay out of both."""
    started, outcome = time.perf_counter(), "OK"
    with _span(call) as span:
        try:
            return await proceed(call)
        except DomainError as refused:
            outcome = refused.code.name
            span.set_attribute("bloom.error.reason", refused.reason_name)
            raise
        except asyncio.CancelledError:
            outcome = "CANCELLED"
            raise
        except Exception:
            outcome = "INTERNAL"
            raise
        finally:
            span.set_attribute("rpc.grpc.status", outcome)
            if outcome == "INTERNAL":
                span.set_status(StatusCode.ERROR)
            _log_call(call, outcome, time.perf_counter() - started)


@contextmanager
def _span(call: Call) -> Iterator[trace.Span]:
    parent = caller_context(call.metadata)
    callers = trace.get_current_span(parent)
    if callers.get_span_context().is_valid and not callers.get_span_context().trace_flags.sampled:
        # The edge does not keep this trace: its ids are passed on and logged, and nothing is recorded.
        token = context.attach(parent)
        try:
            yield callers
        finally:
            context.detach(token)
        return
    attributes = {"rpc.system": "grpc", "rpc.service": call.method.service, "rpc.method": call.method.name}
    with _tracer.start_as_current_span(
        call.method.full_name,
        parent,
        SpanKind.SERVER,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        yield span


def _log_call(call: Call, outcome: str, seconds: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    caller = call.identity
    _log.info(
        "%s %s",
        call.method.name,
        outcome,
        extra={
            "rpc": call.method.full_name,
            "status": outcome,
            "duration_ms": round(seconds * 1000, 2),
            "subject": caller.subject,
            "org": str(caller.org_id or ""),
            "workload": caller.workload,
        },
    )


def deadline(max_seconds: float) -> Stage:
    """Ends the call when the caller's time is over; a call without a deadline gets the server's maximum."""

    async def stage(proceed: Proceed, call: Call) -> Any:
        remaining = call.context.time_remaining()
        seconds = max_seconds if remaining is None else min(remaining, max_seconds)
        token = deadlines.set_remaining(seconds)
        try:
            async with asyncio.timeout(seconds):
                return await proceed(call)
        except TimeoutError as late:
            raise deadline_exceeded() from late
        finally:
            deadlines.reset(token)

    return stage


class Admission:
    """Serves at most `limit` calls at once and refuses the rest early, before they cost anything."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.running = 0

    async def __call__(self, proceed: Proceed, call: Call) -> Any:
        if self.running >= self._limit:
            raise DomainError(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                Reason.ERROR_REASON_OVERLOADED,
                "Too many calls at once. Try again in a second.",
                {"limit": str(self._limit)},
                retry_after=timedelta(seconds=1),
            )
        self.running += 1
        try:
            return await proceed(call)
        finally:
            self.running -= 1


def identity_stage(verifier: TokenVerifier) -> Stage:
    """Verifies the subject's and the workload's token, and puts the identity where handlers find it."""

    async def stage(proceed: Proceed, call: Call) -> Any:
        bearer = call.metadata.get("authorization", "")
        token = bearer[7:] if bearer[:7].lower() == "bearer " else ""
        call.identity = await identify(verifier, token, call.metadata.get("x-bloom-workload", ""))
        reset = current_identity.set(call.identity)
        try:
            return await proceed(call)
        finally:
            current_identity.reset(reset)

    return stage
