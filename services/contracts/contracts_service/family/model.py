"""A family: its contracts and the links between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, family_service_pb2
from contracts_service.contracts.model import Contract
from contracts_service.grid.model import Cell

AMENDS, RESTATES, UNDER, DEFINED_BY = (
    family_service_pb2.LINK_KIND_AMENDS,
    family_service_pb2.LINK_KIND_RESTATES,
    family_service_pb2.LINK_KIND_UNDER,
    family_service_pb2.LINK_KIND_DEFINED_BY,
)
CHANGES = (AMENDS, RESTATES)
_SIGNED = (
    contract_pb2.CONTRACT_STATE_ACTIVE,
    contract_pb2.CONTRACT_STATE_SUSPENDED,
    contract_pb2.CONTRACT_STATE_EXPIRED,
    contract_pb2.CONTRACT_STATE_TERMINATED,
)
# The fields that tell from when a document holds, the better one first.
DAY_FIELDS = ("effective_date", "agreement_date")
_SOURCES = {
    "effective_date": family_service_pb2.EFFECTIVE_DATE_SOURCE_EFFECTIVE,
    "agreement_date": family_service_pb2.EFFECTIVE_DATE_SOURCE_AGREEMENT,
}


@dataclass(frozen=True, slots=True)
class Link:
    """`contract_id` stands to `target_id` as `kind`, a LinkKind, says."""

    id: UUID
    contract_id: UUID
    target_id: UUID
    kind: int
    effective_date: date | None
    ordinal: int
    creator: str
    created_at: datetime
    version: int = 1

    @property
    def etag(self) -> str:
        """Changes with every change of the link."""
        return f'"{self.version}"'


@dataclass(frozen=True, slots=True)
class Member:
    """A contract with the day from which it holds; None where nobody knows."""

    contract: Contract
    links: tuple[Link, ...]
    effective: date | None
    source: int

    @property
    def id(self) -> UUID:
        """Of its contract."""
        return self.contract.id

    @property
    def signed(self) -> bool:
        """Whether it was ever in force; a draft says nothing."""
        return self.contract.state in _SIGNED

    @property
    def ordinal(self) -> int:
        """Of an amendment; 0: none."""
        return max((link.ordinal for link in self.links if link.kind in CHANGES), default=0)


@dataclass(frozen=True, slots=True)
class Family:
    """`asked` and whatever is linked with it; `members` has it first, then the oldest.

    `hidden` tells that there are contracts that the caller may not see, `more` that others were left out.
    """

    asked: UUID
    members: Mapping[UUID, Member]
    precedence: tuple[UUID, ...] = ()
    version: int = 0
    hidden: bool = False
    more: bool = False

    @property
    def etag(self) -> str:
        """Changes with every change of the precedence."""
        return f'"{self.version}"'

    def targets(self, contract_id: UUID, kinds: Sequence[int]) -> list[UUID]:
        """What it amends, or stands under."""
        links = self.members[contract_id].links
        return [link.target_id for link in links if link.kind in kinds and link.target_id in self.members]

    def changed_by(self, contract_id: UUID, kinds: Sequence[int] = CHANGES) -> list[UUID]:
        """What amends it."""
        return [
            member.id
            for member in self.members.values()
            if any(link.kind in kinds and link.target_id == contract_id for link in member.links)
        ]


def member(contract: Contract, links: Sequence[Link], cells: Mapping[str, Cell]) -> Member:
    """With its day: a person's word with the link, then what was read and holds."""
    said = min((link.effective_date for link in links if link.effective_date), default=None)
    if said:
        return Member(contract, tuple(links), said, family_service_pb2.EFFECTIVE_DATE_SOURCE_LINK)
    for field in DAY_FIELDS:
        cell = cells.get(field)
        if cell and cell.holds and cell.day:
            return Member(contract, tuple(links), cell.day, _SOURCES[field])
    return Member(contract, tuple(links), None, 0)
