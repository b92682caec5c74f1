"""An operation, and the answers it has collected."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GroupResult:
    """Claude's answer for one field group, as it came, and what it cost."""

    group: str
    answer: str
    model: str
    simulated: bool
    cached: bool
    cost_micro_usd: int
    prompt_version: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An analysis as asked for by `subject`. `state` is an AnalysisState, `error` a google.rpc.Status."""

    id: UUID
    org_id: UUID
    contract_id: UUID
    state: int
    subject: str
    traceparent: str
    attempts: int
    last_fault: str
    error: bytes | None
    created_at: datetime
    ended_at: datetime | None
    groups: tuple[GroupResult, ...] = ()

    @property
    def cost_micro_usd(self) -> int:
        """What Claude cost so far."""
        return sum(group.cost_micro_usd for group in self.groups)
