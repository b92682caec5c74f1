"""What a family says of a field: who holds, whom it overrides, and since when. No network, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, family_service_pb2
from contracts_service.evidence.units import unit_named
from contracts_service.family import order
from contracts_service.family.model import Family
from contracts_service.family.order import Speaker
from contracts_service.grid.model import OPEN, Cell

Cells = Mapping[tuple[UUID, str], Cell]
_CONFLICT = contract_pb2.VALUE_STATUS_CONFLICT
_UNPROVEN = (
    contract_pb2.VALUE_STATUS_UNVERIFIED,
    contract_pb2.VALUE_STATUS_CONFLICT,
    contract_pb2.VALUE_STATUS_REDACTED,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A document's cell."""

    contract_id: UUID
    cell: Cell


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until the day before `end`; None is open."""

    start: date | None
    end: date | None
    said: Said


@dataclass(frozen=True, slots=True)
class Statement:
    """Of one field on one day. `reason` is a Precedence; `holds` is None where nobody speaks of it."""

    field: str
    holds: Said | None
    reason: int
    since: date | None
    overridden: tuple[Said, ...]
    doubts: tuple[Said, ...]
    periods: tuple[Period, ...]


def statements(family: Family, cells: Cells, fields: Sequence[str], day: date) -> list[Statement]:
    """One for each field, in that order. Raises AmendsSeveralError."""
    today = order.speaking(family, day)
    starts: list[date | None] = [None, *order.days(family)]
    orders = [(start, order.speaking(family, start)) for start in starts]
    undated = _undated(family, today)
    return [_statement(cells, field, today, undated, orders) for field in fields]


def _undated(family: Family, today: Sequence[Speaker]) -> list[UUID]:
    """Amendments of documents that speak which nobody can date: they are not applied, and not forgotten."""
    bases = [speaker.member.id for speaker in today if not speaker.amends]
    changes = (one for base in bases for one in order.changes_of(family, base))
    return list(dict.fromkeys(one.id for one in changes if one.signed and one.effective is None))


def _statement(
    cells: Cells,
    field: str,
    today: Sequence[Speaker],
    undated: Sequence[UUID],
    orders: Sequence[tuple[date | None, list[Speaker]]],
) -> Statement:
    holding = _holding(cells, field, today)
    first = holding[0] if holding else None
    said = _decided(cells, field, today)
    above = [one for one in today if first is None or one.rank < first.rank]
    doubts = [
        Said(one.member.id, cells[one.member.id, field]) for one in above if _doubtful(cells, field, one)
    ]
    doubts += [
        Said(one, cell)
        for one in undated
        if (cell := cells.get((one, field))) and cell.holds and not (said and same(cell, said.cell))
    ]
    others = [Said(one.member.id, cells[one.member.id, field]) for one in holding[1:]]
    return Statement(
        field,
        said,
        _reason(holding) if holding else 0,
        first.member.effective if first else None,
        tuple(one for one in others if said and not same(one.cell, said.cell)),
        tuple(doubts),
        tuple(_periods(cells, field, orders)),
    )


def _holding(cells: Cells, field: str, speakers: Sequence[Speaker]) -> list[Speaker]:
    return [one for one in speakers if (cell := cells.get((one.member.id, field))) and cell.holds]


def _decided(cells: Cells, field: str, speakers: Sequence[Speaker]) -> Said | None:
    """The cell of the first that speaks of it; a CONFLICT where another of its rank says something else."""
    holding = _holding(cells, field, speakers)
    if not holding:
        return None
    first = holding[0]
    cell = cells[first.member.id, field]
    alike = [cells[one.member.id, field] for one in holding[1:] if one.rank == first.rank]
    if any(not same(cell, other) for other in alike):
        cell = replace(cell, status=_CONFLICT)
    return Said(first.member.id, cell)


def _doubtful(cells: Cells, field: str, speaker: Speaker) -> bool:
    cell = cells.get((speaker.member.id, field))
    return bool(cell and cell.review == OPEN and not cell.holds and cell.status in _UNPROVEN)


def _reason(holding: Sequence[Speaker]) -> int:
    first, others = holding[0], holding[1:]
    if not others:
        return family_service_pb2.PRECEDENCE_ONLY_SOURCE
    if first.declared:
        return family_service_pb2.PRECEDENCE_DECLARED
    if others[0].rank == first.rank:
        return family_service_pb2.PRECEDENCE_SAME_RANK
    if first.amends and others[0].layer == first.layer:
        return family_service_pb2.PRECEDENCE_AMENDMENT
    return family_service_pb2.PRECEDENCE_SPECIFIC


def _periods(cells: Cells, field: str, orders: Sequence[tuple[date | None, list[Speaker]]]) -> list[Period]:
    ends = [*(later for _, (later, _) in pairwise(orders)), None]
    found: list[Period] = []
    for (start, speakers), end in zip(orders, ends, strict=True):
        said = _decided(cells, field, speakers)
        if said is None:
            continue
        last = found[-1] if found else None
        if last and last.end == start and last.said == said:
            found[-1] = replace(last, end=end)
        else:
            found.append(Period(start, end, said))
    return found


def same(one: Cell, other: Cell) -> bool:
    """Whether they say the same, in whatever unit of one kind."""
    if one.day or other.day:
        return one.day == other.day
    if one.number is not None and other.number is not None:
        return one.number == other.number and _kind(one.unit) == _kind(other.unit)
    return one.value.casefold() == other.value.casefold()


def _kind(unit: str) -> str:
    """What the number counts, once it is in the base unit."""
    known = unit_named(unit)
    return known.kind if known else unit
