"""A contradiction as it is stored, and what people have said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bloom.contracts.v1 import contradiction_service_pb2

OPEN, DISMISSED, GONE = (
    contradiction_service_pb2.CONTRADICTION_STATE_OPEN,
    contradiction_service_pb2.CONTRADICTION_STATE_DISMISSED,
    contradiction_service_pb2.CONTRADICTION_STATE_GONE,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """One contradiction of one contract. Enumerations are the schema's numbers.

    `passages` as in the row's JSON: `evidence` as a StoredEvidence, and `value`. `other_id` is the contract
    that this one amends, where a passage is of it.
    """

    contract_id: UUID
    key: str
    ordinal: int
    kind: int
    severity: int
    sentence: str
    computation: str
    passages: Sequence[Mapping[str, Any]]
    other_id: UUID | None = None
    found_at: datetime | None = None
    gone: bool = False
    dismissed: bool = False
    reviewer: str = ""
    reviewed_at: datetime | None = None
    review_reason: str = ""
    version: int = 1

    @property
    def state(self) -> int:
        """The schema's number."""
        if self.gone:
            return GONE
        return DISMISSED if self.dismissed else OPEN

    @property
    def etag(self) -> str:
        """Changes with every change of the contradiction."""
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said."""

    dismissed: bool
    reviewer: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which ones a list shows; none of a sort asks for all, but for states: OPEN and DISMISSED."""

    kinds: tuple[int, ...] = ()
    severities: tuple[int, ...] = ()
    states: tuple[int, ...] = ()

    @property
    def same(self) -> tuple[str, ...]:
        """What must be the same for a page to go on."""
        return tuple(",".join(map(str, sorted(one))) for one in (self.kinds, self.severities, self.states))
