"""What is refused, as SCIM says it (RFC 7644 §3.12); the words are those of whoever refuses."""

import logging
from collections.abc import Mapping

import grpc
from pydantic import ValidationError
from scim2_models import Error, SCIMException
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service_runtime.errors import DomainError, Reason

MEDIA_TYPE = "application/scim+json"
_log = logging.getLogger("scim_gateway")

_BY_REASON: Mapping[int, tuple[int, str | None]] = {
    Reason.ERROR_REASON_ALREADY_EXISTS: (409, "uniqueness"),
    Reason.ERROR_REASON_ETAG_MISMATCH: (412, None),
    Reason.ERROR_REASON_EMAIL_IMMUTABLE: (400, "mutability"),
    Reason.ERROR_REASON_INVALID_FIELD: (400, "invalidValue"),
}
_BY_CODE: Mapping[grpc.StatusCode, int] = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.FAILED_PRECONDITION: 409,
    grpc.StatusCode.ABORTED: 409,
    grpc.StatusCode.RESOURCE_EXHAUSTED: 429,
    grpc.StatusCode.UNAVAILABLE: 503,
    grpc.StatusCode.DEADLINE_EXCEEDED: 504,
}
_PHRASES = {404: "There is nothing here.", 405: "This cannot be done here."}


class RefusedError(Exception):
    """A refusal of this process's own."""

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def of_auth(error: DomainError) -> Response:
    """What the auth service refused."""
    by_code = (_BY_CODE.get(error.code, 500), None)
    status, scim_type = _BY_REASON.get(error.reason, by_code)
    headers = {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after.total_seconds())))
    detail = error.message if status != 500 else "A fault of ours; the request id finds it."
    return answer(status, detail, scim_type, headers)


def of_payload(errors: ValidationError) -> Response:
    """What does not fit the schema; the first of it is enough."""
    first = Error.from_validation_errors(errors)[0]
    return answer(first.status or 400, first.detail or "The request is malformed.", first.scim_type)


def answer(
    status: int, detail: str, scim_type: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An error as SCIM writes it."""
    body = Error(status=status, detail=detail, scim_type=scim_type).model_dump_json()
    return Response(body, status, headers, MEDIA_TYPE)


async def handle(request: Request, error: Exception) -> Response:
    """Every error that a request may end with."""
    if isinstance(error, DomainError):
        return of_auth(error)
    if isinstance(error, ValidationError):
        return of_payload(error)
    if isinstance(error, SCIMException):
        told = error.to_error()
        return answer(told.status or 400, told.detail or "The request is malformed.", told.scim_type)
    if isinstance(error, RefusedError):
        challenge = {"www-authenticate": "Bearer"} if error.status == 401 else None
        return answer(error.status, error.detail, error.scim_type, challenge)
    if isinstance(error, HTTPException):
        detail = _PHRASES.get(error.status_code, error.detail)
        return answer(error.status_code, detail, headers=error.headers)
    if isinstance(error, TimeoutError):
        return answer(504, "The work was not done in time.")
    _log.error("a fault of ours", exc_info=error)
    return answer(500, "A fault of ours; the request id finds it.")
