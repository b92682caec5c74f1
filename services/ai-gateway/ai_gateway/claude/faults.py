"""The ways in which Claude fails, told apart by what a caller can do about them."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

import anthropic
import httpx2

_MAX_RETRY_AFTER_SECONDS = 3600.0


class FaultKind(StrEnum):
    """Why there is no answer; also the outcome in the egress record."""

    RATE_LIMITED = "RATE_LIMITED"
    OVERLOADED = "OVERLOADED"
    FAILED = "FAILED"
    UNREACHABLE = "UNREACHABLE"
    CUT = "CUT"
    MALFORMED = "MALFORMED"
    TIMED_OUT = "TIMED_OUT"
    KEY_REFUSED = "KEY_REFUSED"
    MODEL_REFUSED = "MODEL_REFUSED"
    TOO_LARGE = "TOO_LARGE"
    REQUEST_REFUSED = "REQUEST_REFUSED"


# May be asked again: nothing of an answer has come. CUT joins them while not even its first byte was there.
_PASSING = frozenset({FaultKind.RATE_LIMITED, FaultKind.OVERLOADED, FaultKind.FAILED, FaultKind.UNREACHABLE})
_BY_STATUS = {
    401: FaultKind.KEY_REFUSED,
    402: FaultKind.KEY_REFUSED,
    403: FaultKind.KEY_REFUSED,
    404: FaultKind.MODEL_REFUSED,
    408: FaultKind.TIMED_OUT,
    413: FaultKind.TOO_LARGE,
    429: FaultKind.RATE_LIMITED,
    500: FaultKind.FAILED,
    502: FaultKind.FAILED,
    503: FaultKind.FAILED,
    504: FaultKind.TIMED_OUT,
    529: FaultKind.OVERLOADED,
}
_BY_TYPE = {
    "rate_limit_error": FaultKind.RATE_LIMITED,
    "overloaded_error": FaultKind.OVERLOADED,
    "timeout_error": FaultKind.TIMED_OUT,
    "authentication_error": FaultKind.KEY_REFUSED,
    "permission_error": FaultKind.KEY_REFUSED,
    "request_too_large": FaultKind.TOO_LARGE,
    "invalid_request_error": FaultKind.REQUEST_REFUSED,
}


class ClaudeError(Exception):
    """No answer. `retry_after` in seconds, where Claude named a delay; `began` when a part of it came."""

    def __init__(
        self,
        kind: FaultKind,
        *,
        status: int = 0,
        request_id: str = "",
        retry_after: float | None = None,
        began: bool = False,
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.began = began

    @property
    def passing(self) -> bool:
        """Whether the same request may be sent again: what has begun to answer is paid for and is not."""
        return not self.began and (self.kind in _PASSING or self.kind is FaultKind.CUT)


@contextlib.contextmanager
def told_apart() -> Iterator[None]:
    """Turns what the SDK and its transport raise into ClaudeError."""
    try:
        yield
    except anthropic.APIStatusError as refused:
        raise _of_status(refused) from refused
    except (anthropic.APITimeoutError, httpx2.TimeoutException) as late:
        raise ClaudeError(FaultKind.TIMED_OUT) from late
    except anthropic.APIConnectionError as away:
        raise ClaudeError(FaultKind.UNREACHABLE) from away
    except (httpx2.HTTPError, httpx2.StreamError) as cut:
        raise ClaudeError(FaultKind.CUT) from cut


def of_event(data: str) -> ClaudeError:
    """The fault that an `error` event in a stream tells of."""
    try:
        kind = _BY_TYPE.get(str(json.loads(data)["error"]["type"]), FaultKind.FAILED)
    except (ValueError, KeyError, TypeError):
        kind = FaultKind.MALFORMED
    return ClaudeError(kind)


def _of_status(refused: anthropic.APIStatusError) -> ClaudeError:
    status = refused.status_code
    kind = _BY_STATUS.get(status, FaultKind.FAILED if status >= 500 else FaultKind.REQUEST_REFUSED)
    # The one 400 that is the caller's to mend; the API gives it no type of its own.
    if status == 400 and "too long" in (refused.api_message or ""):
        kind = FaultKind.TOO_LARGE
    delay = _retry_after(refused.response.headers.get("retry-after"))
    return ClaudeError(kind, status=status, request_id=refused.request_id or "", retry_after=delay)


def _retry_after(header: str | None) -> float | None:
    """Seconds, from seconds or from an HTTP date."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_SECONDS)
