"""What the Messages API refuses: one exception with its HTTP status, error type and extra headers."""

from collections.abc import Mapping

_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_type(status: int) -> str:
    """The API's error type for an HTTP status; unknown ones are read as the nearest general type."""
    return _TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")


def error_body(status: int, message: str, request_id: str) -> dict[str, object]:
    """The error body every refusal has on the wire."""
    return {
        "type": "error",
        "error": {"type": error_type(status), "message": message},
        "request_id": request_id,
    }


class RefusalError(Exception):
    """A refusal, answered with `status`, the matching error type and `headers`.

    `code` is AWS's name for it, on Bedrock alone; without one it follows from the status.
    """

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.code = code


def invalid(message: str) -> RefusalError:
    """A 400 invalid_request_error."""
    return RefusalError(400, message)
