"""An operation, and the answers it has collected."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

_SPAN = "#"


def key_of(question: str, span: str) -> str:
    """Under which the answer to a question about a part is kept; without a span, about the whole document."""
    return f"{question}{_SPAN}{span}" if span else question


@dataclass(frozen=True, slots=True)
class GroupResult:
    """Claude's answer to one question about the document or a part of it, as it came, and what it cost.

    `group` is the key of `key_of`: for a field group and the whole document, the group's name.
    """

    group: str
    answer: str
    model: str
    simulated: bool
    cached: bool
    cost_micro_usd: int
    prompt_version: str

    @property
    def question(self) -> str:
        """The name of the field group, or of the list."""
        return self.group.partition(_SPAN)[0]

    @property
    def place(self) -> int:
        """Where the part begins that it is about."""
        return int(self.group.partition(_SPAN)[2].partition("-")[0] or 0)


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
    uses: tuple[str, ...]
    # Into how many parts the document is cut.
    part_count: int
    # Asked for by an import: nobody looks at it, and an outage is waited for.
    bulk: bool
    # It waits for batches, at half the price; their names, once they are created.
    patient: bool
    batches: tuple[str, ...]
    groups: tuple[GroupResult, ...] = ()

    @property
    def cost_micro_usd(self) -> int:
        """What Claude cost so far."""
        return sum(group.cost_micro_usd for group in self.groups)
