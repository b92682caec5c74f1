"""Errors that a caller may see, and how they become a `google.rpc.Status`.

A service raises `DomainError` (or a one-line subclass); the request path maps it. Anything else that escapes
a handler is a fault of ours: the caller learns the trace id and nothing more.
"""

from collections.abc import Mapping
from datetime import timedelta

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from bloom.errors.v1 import errors_pb2

DOMAIN = "bloom"
Reason = errors_pb2.ErrorReason

_CODES: Mapping[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


class DomainError(Exception):
    """A refusal with its reason (`bloom.errors.v1`), its gRPC code, and words for a person.

    `violations` maps field paths to what is wrong with them; `retry_after` is told as RetryInfo.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: "errors_pb2.ErrorReason.ValueType",
        message: str,
        metadata: Mapping[str, str] | None = None,
        *,
        violations: Mapping[str, str] | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = dict(violations or {})
        self.retry_after = retry_after

    @property
    def reason_name(self) -> str:
        """As on the wire: `NOT_FOUND`, without the enum's prefix."""
        return errors_pb2.ErrorReason.Name(self.reason).removeprefix("ERROR_REASON_")


def not_found(name: str) -> DomainError:
    """The same answer for what is missing and for what belongs to another organization."""
    return DomainError(
        grpc.StatusCode.NOT_FOUND, Reason.ERROR_REASON_NOT_FOUND, f"{name} does not exist.", {"name": name}
    )


def invalid(field: str, problem: str) -> DomainError:
    """One field breaks a rule that the schema cannot declare."""
    return DomainError(
        grpc.StatusCode.INVALID_ARGUMENT,
        Reason.ERROR_REASON_INVALID_FIELD,
        f"{field}: {problem}",
        violations={field: problem},
    )


def etag_mismatch(name: str, current: str) -> DomainError:
    """Somebody else changed the resource since it was read."""
    return DomainError(
        grpc.StatusCode.ABORTED,
        Reason.ERROR_REASON_ETAG_MISMATCH,
        f"{name} has changed since you read it. Read it again, then repeat your change.",
        {"name": name, "etag": current},
    )


def unavailable(dependency: str) -> DomainError:
    """A part of the system is not reachable now; the call may be repeated."""
    return DomainError(
        grpc.StatusCode.UNAVAILABLE,
        Reason.ERROR_REASON_DEPENDENCY_UNAVAILABLE,
        f"{dependency} is not reachable at the moment. Try again in a few seconds.",
        {"dependency": dependency},
        retry_after=timedelta(seconds=2),
    )


def deadline_exceeded() -> DomainError:
    """The time that the caller gave is over."""
    return DomainError(
        grpc.StatusCode.DEADLINE_EXCEEDED,
        Reason.ERROR_REASON_DEADLINE_EXCEEDED,
        "The deadline passed before the work was done.",
    )


def to_status(error: DomainError) -> status_pb2.Status:
    """The wire form: ErrorInfo first, then BadRequest and RetryInfo where they apply."""
    info = error_details_pb2.ErrorInfo(domain=DOMAIN, reason=error.reason_name, metadata=error.metadata)
    details = [_packed(info)]
    if error.violations:
        details.append(_packed(_bad_request(error.violations)))
    if error.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromTimedelta(error.retry_after)
        details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status_pb2.Status(code=error.code.value[0], message=error.message, details=details)


def from_status(status: status_pb2.Status) -> DomainError:
    """The error that another service answered; one without our ErrorInfo is a dependency's fault."""
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    retry_after: timedelta | None = None
    for detail in status.details:
        detail.Unpack(info)
        if detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta()
    code = _CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    name = f"ERROR_REASON_{info.reason}"
    if info.domain != DOMAIN or name not in errors_pb2.ErrorReason.keys():  # noqa: SIM118 an enum wrapper, no dict
        return DomainError(code, Reason.ERROR_REASON_INTERNAL, status.message)
    reason = errors_pb2.ErrorReason.Value(name)
    return DomainError(code, reason, status.message, info.metadata, retry_after=retry_after)


def _bad_request(violations: Mapping[str, str]) -> error_details_pb2.BadRequest:
    fields = [
        error_details_pb2.BadRequest.FieldViolation(field=field, description=problem)
        for field, problem in violations.items()
    ]
    return error_details_pb2.BadRequest(field_violations=fields)


def _packed(
    message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
