"""The ways the simulator can be told to fail, read strictly from a script rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from claude_simulator.bedrock.problems import STATUSES
from claude_simulator.problems import RefusalError, invalid


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"  # an error answer; `status`, `retry_after` seconds, `message`; `code` on Bedrock
    SLOW = "slow"  # the first byte comes after `seconds`
    SLOW_DELTAS = "slow_deltas"  # `seconds` between the events of a stream; a plain answer is SLOW
    SILENT = "silent"  # nothing ever comes
    STALL = "stall"  # nothing more comes after `after_events` events, or half a plain answer
    CUT_BODY = "cut_body"  # the connection closes half-way through a plain answer
    CUT_STREAM = "cut_stream"  # the connection closes after `after_events` events
    STREAM_ERROR = "stream_error"  # an `error` event (`status`, or 529) after `after_events` events
    GARBAGE_SSE = "garbage_sse"  # events whose data is not JSON
    MALFORMED = "malformed"  # a plain answer that is not JSON
    OFF_SCHEMA = "off_schema"  # text that does not conform to the schema asked for
    REFUSAL = "refusal"  # stop_reason refusal, no content
    MAX_TOKENS = "max_tokens"  # the text breaks off, stop_reason max_tokens
    EXPIRE = "expire"  # an item of a batch is not reached in time


_PLAIN_TWINS = {
    FaultKind.CUT_STREAM: FaultKind.CUT_BODY,
    FaultKind.GARBAGE_SSE: FaultKind.MALFORMED,
    FaultKind.STREAM_ERROR: FaultKind.CUT_BODY,
    FaultKind.SLOW_DELTAS: FaultKind.SLOW,
}
_STREAM_TWINS = {FaultKind.CUT_BODY: FaultKind.CUT_STREAM, FaultKind.MALFORMED: FaultKind.GARBAGE_SSE}


@dataclass(frozen=True)
class Fault:
    """One fault. Times in seconds; `status` 0 is the kind's own; `code` is an exception of AWS."""

    kind: FaultKind
    status: int = 0
    retry_after: float | None = None
    seconds: float = 0.0
    after_events: int = 3
    message: str = "scripted fault"
    code: str | None = None

    def as_problem(self, otherwise: int = 500) -> RefusalError:
        """The error answer, of status `otherwise` where none is scripted."""
        headers = {} if self.retry_after is None else {"retry-after": f"{self.retry_after:g}"}
        status = self.status or STATUSES.get(self.code or "", otherwise)
        return RefusalError(status, self.message, headers, self.code)

    def on_wire(self, *, stream: bool) -> FaultKind:
        """The same fault in the form that fits a streamed or a plain answer."""
        return (_STREAM_TWINS if stream else _PLAIN_TWINS).get(self.kind, self.kind)


def read_fault(spec: object) -> Fault:
    """A fault from its JSON form; a 400 RefusalError on unknown names or wrong types."""
    if not isinstance(spec, Mapping) or spec.get("kind") not in list(FaultKind):
        raise invalid(f"fault.kind must be one of {', '.join(FaultKind)}")
    known: dict[str, type | tuple[type, ...]] = {
        "kind": str,
        "status": int,
        "retry_after": (int, float),
        "seconds": (int, float),
        "after_events": int,
        "message": str,
        "code": str,
    }
    for name, value in spec.items():
        if name not in known or not isinstance(value, known[name]):
            raise invalid(f"fault.{name}: unknown name or wrong type")
    if spec.get("code") not in (None, *STATUSES):
        raise invalid(f"fault.code must be one of {', '.join(STATUSES)}")
    return Fault(**{**spec, "kind": FaultKind(str(spec["kind"]))})
