"""Batches, their parts and their items, as they are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ai_gateway.generation.question import Caching
from ai_gateway.money.tokens import Spent
from ai_gateway.privacy.vault import Vault
from service_runtime.identity import Identity

# As long as Claude keeps its results, and no longer.
KEPT = timedelta(days=29)


class Outcome(StrEnum):
    """What became of an item."""

    SUCCEEDED = "SUCCEEDED"
    ERRORED = "ERRORED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    OFF_SCHEMA = "OFF_SCHEMA"
    REFUSED = "REFUSED"
    TRUNCATED = "TRUNCATED"


class PartState(StrEnum):
    """READY to be sent; SENDING, which is true also when nobody knows whether it arrived; then RUNNING."""

    READY = "READY"
    SENDING = "SENDING"
    RUNNING = "RUNNING"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True)
class NewItem:
    """A question that was read and is to be kept. `params` is the text of the request as it will leave."""

    id: UUID
    custom_id: str
    task: str
    model: str
    caching: Caching
    max_tokens: int
    params: str = field(repr=False)
    output_schema: str = field(repr=False)
    vault: Mapping[str, str] = field(repr=False)
    redactions: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch as its caller sees it: `counts` by outcome, `spent` by its finished items."""

    id: UUID
    creator: str
    created_at: datetime
    cancel_asked_at: datetime | None
    ended_at: datetime | None
    left: bool
    item_count: int
    counts: Mapping[Outcome, int]
    spent: Spent


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item. `answer` and `content` are Claude's; `reason` is an error's name."""

    ordinal: int
    item_id: UUID
    outcome: Outcome
    reason: str = ""
    answer: str = field(default="", repr=False)
    content: str = field(default="", repr=False)
    stop_reason: str = ""
    model: str = ""
    upstream_id: str = ""
    from_cache: bool = False
    simulated: bool = False
    # None where Claude did not tell of any use.
    spent: Spent | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A result on its way out; `text` and `blocks` have what was withheld put back."""

    seq: int
    custom_id: str
    text: str = field(repr=False)
    blocks: Sequence[Mapping[str, object]] = field(repr=False)
    result: Result


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a batch, for a while."""

    org_id: UUID
    batch_id: UUID
    token: UUID


@dataclass(frozen=True, slots=True)
class Part:
    """The items of one task and one model that go to Claude together."""

    id: UUID
    task: str
    model: str
    item_count: int
    state: PartState
    attempt: int
    egress_id: UUID | None
    sent_at: datetime | None
    upstream_id: str

    @property
    def mark(self) -> str:
        """What the names of its items begin with at Claude, in this attempt and no other."""
        return f"{self.id.hex}-{self.attempt}-"


@dataclass(frozen=True, slots=True)
class Work:
    """A batch as its runner has it; `now` is the database's."""

    lease: Lease
    caller: Identity
    trace_id: str
    created_at: datetime
    now: datetime
    planned: bool
    cancelling: bool
    # Looks since anything changed.
    quiet: int
    parts: tuple[Part, ...]

    @property
    def age(self) -> timedelta:
        """Since it was created."""
        return self.now - self.created_at


@dataclass(frozen=True, slots=True)
class Asked:
    """An item that has no result yet, with what is needed to send it and to judge its answer."""

    ordinal: int
    id: UUID
    task: str
    model: str
    caching: Caching
    max_tokens: int
    params: str = field(repr=False)
    output_schema: str = field(repr=False)
    vault: Vault = field(repr=False)
    redactions: Mapping[str, int]

    def without_answer(self, outcome: Outcome, reason: str = "") -> Result:
        """Its result where Claude has not answered it."""
        return Result(self.ordinal, self.id, outcome, reason)


class LeaseLostError(Exception):
    """Another runner has the batch now: whatever this one was about to write, it must not."""
