"""What is recorded about one request to Claude: who, for whom, what for, which bytes; never the contents."""

import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid4

from service_runtime.identity import Identity
from service_runtime.telemetry import trace_id


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why something is sent. `request_id` is the caller's or made for it; it may need several calls."""

    caller: Identity
    request_id: UUID
    task: str
    model: str


@dataclass(frozen=True, slots=True)
class Egress:
    """One call, as it is about to be made. `size` in bytes."""

    id: UUID
    purpose: Purpose
    destination: str
    path: str
    sha256: bytes
    size: int
    trace_id: str

    @property
    def org_id(self) -> UUID:
        """Whose call it is."""
        return self.purpose.caller.tenant


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a call: `ANSWERED`, `CANCELLED`, or the kind of fault."""

    outcome: str
    upstream_request_id: str = ""
    simulated: bool = False


def about_to_send(purpose: Purpose, destination: str, path: str, content: bytes) -> Egress:
    """The record of sending `content` there, now."""
    digest = hashlib.sha256(content).digest()
    return Egress(uuid4(), purpose, destination, path, digest, len(content), trace_id())
