"""The ways in which Claude fails, told apart by what a caller can do about them."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
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
    # These two are ours: nothing was sent.
    HELD_OFF = "HELD_OFF"
    NOT_OFFERED = "NOT_OFFERED"


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
# What AWS says in `x-amzn-errortype`, and within a stream with a small first letter.
_BY_AWS_TYPE = {
    "throttlingexception": FaultKind.RATE_LIMITED,
    "servicequotaexceededexception": FaultKind.RATE_LIMITED,
    "modelnotreadyexception": FaultKind.OVERLOADED,
    "serviceunavailableexception": FaultKind.OVERLOADED,
    "modeltimeoutexception": FaultKind.TIMED_OUT,
    "internalserverexception": FaultKind.FAILED,
    "modelerrorexception": FaultKind.FAILED,
    "modelstreamerrorexception": FaultKind.FAILED,
    "accessdeniedexception": FaultKind.KEY_REFUSED,
    "expiredtokenexception": FaultKind.KEY_REFUSED,
    "incompletesignatureexception": FaultKind.KEY_REFUSED,
    "invalidsignatureexception": FaultKind.KEY_REFUSED,
    "missingauthenticationtokenexception": FaultKind.KEY_REFUSED,
    "unrecognizedclientexception": FaultKind.KEY_REFUSED,
    "resourcenotfoundexception": FaultKind.MODEL_REFUSED,
    "validationexception": FaultKind.REQUEST_REFUSED,
}
# A refused request has a cause of its own only in its words, with either service.
_BY_WORDS = {
    "too long": FaultKind.TOO_LARGE,
    "model identifier is invalid": FaultKind.MODEL_REFUSED,
    "on-demand throughput": FaultKind.MODEL_REFUSED,  # isn't supported: an inference profile must be named
}
# `messages.0.content.1.type: …`. What else it may be called for is ours.
_FIELD = re.compile(
    r"((?:cache_control|max_tokens|messages|metadata|output_config\.effort|stop_sequences|thinking|tool_choice|tools)"
    r"(?:\.\w{1,60}){0,12}): "
)
_RATE_LIMIT_HEADERS = "anthropic-ratelimit-"


class ClaudeError(Exception):
    """No answer. `retry_after` in seconds, where Claude named a delay; `began` when a part of it came.

    `headers` are those of Claude's rate limits. `field` is what a refused request has wrong, by its path in
    the Messages API. `healed`: its cause has been put right since.
    """

    def __init__(
        self,
        kind: FaultKind,
        *,
        status: int = 0,
        request_id: str = "",
        retry_after: float | None = None,
        began: bool = False,
        headers: Mapping[str, str] | None = None,
        field: str = "",
    ) -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.began = began
        self.headers = headers or {}
        self.field = field
        self.healed = False

    @property
    def passing(self) -> bool:
        """Whether the same request may be sent again: what has begun to answer is paid for and is not."""
        return not self.began and (self.healed or self.kind in _PASSING or self.kind is FaultKind.CUT)


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
        error = json.loads(data)["error"]
        kind = _of_type(str(error["type"]))
        words = str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ClaudeError(FaultKind.MALFORMED)
    return ClaudeError(_told_by_words(kind or FaultKind.FAILED, words))


def rate_limits(headers: Mapping[str, str]) -> dict[str, str]:
    """The `anthropic-ratelimit-*` headers, by their names in small letters."""
    return {
        name.lower(): value for name, value in headers.items() if name.lower().startswith(_RATE_LIMIT_HEADERS)
    }


def request_id(headers: Mapping[str, str]) -> str:
    """What Claude, or Bedrock, calls this request."""
    return headers.get("request-id") or headers.get("x-amzn-requestid") or ""


def _of_status(refused: anthropic.APIStatusError) -> ClaudeError:
    status, headers = refused.status_code, refused.response.headers
    kind = _BY_STATUS.get(status, FaultKind.FAILED if status >= 500 else FaultKind.REQUEST_REFUSED)
    # `ThrottlingException:http://…`
    kind = _of_type(headers.get("x-amzn-errortype", "").partition(":")[0]) or kind
    kind = _told_by_words(kind, _words(refused))
    return ClaudeError(
        kind,
        status=status,
        request_id=request_id(headers),
        retry_after=_retry_after(headers.get("retry-after")),
        headers=rate_limits(headers),
        field=_field(_words(refused)) if kind is FaultKind.REQUEST_REFUSED else "",
    )


def _of_type(name: str) -> FaultKind | None:
    return _BY_TYPE.get(name) or _BY_AWS_TYPE.get(name.lower())


def _told_by_words(kind: FaultKind, words: str) -> FaultKind:
    if kind is not FaultKind.REQUEST_REFUSED:
        return kind
    return next((cause for said, cause in _BY_WORDS.items() if said in words), kind)


def _words(refused: anthropic.APIStatusError) -> str:
    """For comparing alone: they may repeat the question."""
    body = refused.body
    bare = body.get("message") if isinstance(body, Mapping) else None
    return refused.api_message or (bare if isinstance(bare, str) else "")


def _field(words: str) -> str:
    """The path before the first colon, where it begins with what a caller may pass through."""
    found = _FIELD.match(words)
    return found[1] if found else ""


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
