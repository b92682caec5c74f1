"""What is recorded about one request to Claude: who, for whom, what for, which bytes; never the contents."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from ai_gateway.limits.refused import Priority
from ai_gateway.money.tokens import Spent
from service_runtime.identity import Identity
from service_runtime.telemetry import trace_id


@dataclass(frozen=True, slots=True)
class Purpose:
    """Why something is sent. `request_id` is the caller's or made for it; it may need several calls.

    `redactions` counts by kind what was withheld from the request.
    """

    caller: Identity
    request_id: UUID
    task: str
    model: str
    redactions: Mapping[str, int] = field(default_factory=dict)
    priority: Priority = Priority.INTERACTIVE


@dataclass(frozen=True, slots=True)
class Egress:
    """One call, as it is about to be made: `size` in bytes, `reserved` the most it can cost in micro-USD."""

    id: UUID
    at: datetime
    purpose: Purpose
    destination: str
    path: str
    sha256: str
    size: int
    trace_id: str
    reserved: int

    @property
    def org_id(self) -> UUID:
        """Whose call it is."""
        return self.purpose.caller.tenant

    def fields(self) -> dict[str, object]:
        """As it is stored, and hashed."""
        purpose = self.purpose
        return {
            "id": str(self.id), "at": self.at.isoformat(), "request_id": str(purpose.request_id),
            "workload": purpose.caller.workload, "subject": purpose.caller.subject, "task": purpose.task,
            "model": purpose.model, "destination": self.destination, "path": self.path,
            "sha256": self.sha256, "bytes": self.size, "trace_id": self.trace_id,
            "redactions": dict(purpose.redactions), "reserved": self.reserved,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a call: `ANSWERED`, `CANCELLED`, `LOST`, or the kind of fault; and its use, if known."""

    outcome: str
    upstream_request_id: str = ""
    simulated: bool = False
    spent: Spent | None = None

    def fields(self, egress_id: UUID) -> dict[str, object]:
        """As it is stored, and hashed."""
        spent = self.spent or Spent()
        tokens = spent.tokens
        return {
            "id": str(egress_id), "outcome": self.outcome, "upstream_request_id": self.upstream_request_id,
            "simulated": self.simulated, "metered": self.spent is not None, "input": tokens.input,
            "output": tokens.output, "cache_read": tokens.cache_read,
            "cache_write_5m": tokens.cache_write_5m, "cache_write_1h": tokens.cache_write_1h,
            "cost": spent.cost, "list_cost": spent.list_cost,
        }  # fmt: skip


def about_to_send(purpose: Purpose, destination: str, path: str, content: bytes, reserved: int) -> Egress:
    """The record of sending `content` there, now."""
    return Egress(
        uuid4(), datetime.now(UTC), purpose, destination, path, hashlib.sha256(content).hexdigest(),
        len(content), trace_id(), reserved,
    )  # fmt: skip
