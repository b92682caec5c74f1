"""Which documents speak for a contract on a day, and in which order. No network, no database.

A layer is a document with what amends it. The contract's own comes first, then those of the documents that it
stands under, nearest first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts_service.family.model import AMENDS, CHANGES, DEFINED_BY, RESTATES, UNDER, Family, Member

ABOVE = (UNDER,)
ABOVE_FOR_DEFINITIONS = (UNDER, DEFINED_BY)
_EVER = date.min


@dataclass(frozen=True, slots=True)
class Speaker:
    """A document that speaks. Lower ranks hold before higher ones; equal ranks hold alike."""

    member: Member
    rank: tuple[int, ...]
    layer: int
    amends: bool

    @property
    def declared(self) -> bool:
        """Whether a person has said where it stands."""
        return self.rank[0] == 0


class AmendsSeveralError(Exception):
    """The contract changes several others: it has no one reading."""

    def __init__(self, targets: Iterable[UUID]) -> None:
        super().__init__("amends several")
        self.targets = tuple(targets)


def subject(family: Family) -> UUID:
    """The contract itself, or what it amends in the end. Raises AmendsSeveralError."""
    at = family.asked
    while targets := sorted(set(family.targets(at, CHANGES))):
        if len(targets) > 1:
            raise AmendsSeveralError(targets)
        at = targets[0]
    return at


def speaking(
    family: Family, day: date | None, above: tuple[int, ...] = ABOVE, *, start: UUID | None = None
) -> list[Speaker]:
    """The order on `day`; None is the time before all days that are known. Raises AmendsSeveralError."""
    found: list[Speaker] = []
    seen: set[UUID] = set()
    layer, bases = 0, [start or subject(family)]
    while bases:
        of_layer = [member for base in bases for member in _in_force(family, base, day, seen)]
        found += [_speaker(family, member, layer) for member in of_layer]
        up = [target for base in bases for target in family.targets(base, above)]
        up += [target for member in of_layer for target in family.targets(member.id, above)]
        bases = [
            base for base in dict.fromkeys(_unamended(family, target) for target in up) if base not in seen
        ]
        layer += 1
    return sorted(found, key=lambda speaker: (speaker.rank, str(speaker.member.id)))


def days(family: Family) -> list[date]:
    """The days on which the order may change, in order."""
    return sorted({one.effective for one in family.members.values() if one.effective and one.signed})


def changes_of(family: Family, base: UUID) -> list[Member]:
    """Whatever amends or restates it, or an amendment of it."""
    reached: dict[UUID, None] = {}
    waiting = [base]
    while waiting:
        for one in family.changed_by(waiting.pop()):
            if one not in reached:
                reached[one] = None
                waiting.append(one)
    return [family.members[one] for one in reached]


def _unamended(family: Family, at: UUID) -> UUID:
    """Who stands under an amended document stands under the document."""
    seen = {at}
    while (targets := family.targets(at, CHANGES)) and targets[0] not in seen:
        at = targets[0]
        seen.add(at)
    return at


def _in_force(family: Family, base: UUID, day: date | None, seen: set[UUID]) -> list[Member]:
    """The document and its amendments on that day; from a restatement on, nothing that is older."""
    seen.add(base)
    first = family.members[base]
    changes = [one for one in changes_of(family, base) if _amends_on(one, day)]
    seen.update(one.id for one in changes)
    begun = first.signed and (first.effective is None or (day is not None and first.effective <= day))
    restated = max((one for one in changes if family.targets(one.id, (RESTATES,))), key=_since, default=None)
    if restated is None:
        return [*changes, *([first] if begun else [])]
    return [one for one in changes if one is restated or _since(one) > _since(restated)]


def _amends_on(one: Member, day: date | None) -> bool:
    return one.signed and one.effective is not None and day is not None and one.effective <= day


def _since(one: Member) -> tuple[date, int]:
    return one.effective or _EVER, one.ordinal


def _speaker(family: Family, one: Member, layer: int) -> Speaker:
    amends = bool(family.targets(one.id, (AMENDS,)))
    since, ordinal = _since(one)
    natural = (1, layer, 0, -since.toordinal(), -ordinal) if amends else (1, layer, 1, 0, 0)
    declared = (0, family.precedence.index(one.id)) if one.id in family.precedence else None
    return Speaker(one, declared or natural, layer, amends)
