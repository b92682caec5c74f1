"""Works out what holds: from the values that were read, and the latest word of a person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis.model import StoredValue
from contracts_service.evidence import Reason
from contracts_service.evidence.claims import read_claim
from contracts_service.evidence.units import in_base_units
from contracts_service.evidence.values import Count, DateValue, Money, Percent, Quantity, Rate, RelativeDate
from contracts_service.fields import FIELDS
from contracts_service.grid.model import CORRECTED, OPEN, REJECTED, Cell, Review

# What a cell shows of several values: a conflict before all, then what is proven.
_FIRST = (
    contract_pb2.VALUE_STATUS_CONFLICT,
    contract_pb2.VALUE_STATUS_VERIFIED,
    contract_pb2.VALUE_STATUS_REDACTED,
    contract_pb2.VALUE_STATUS_UNVERIFIED,
    contract_pb2.VALUE_STATUS_ABSENT,
)


@dataclass(frozen=True, slots=True)
class Typed:
    """A value as ranges compare it."""

    number: Decimal | None = None
    day: date | None = None


def effective(field: str, values: Sequence[StoredValue], review: Review | None) -> Cell:
    """The cell of a field, from the values of the latest analysis and the latest review, without version."""
    cell = _read(field, values)
    if review is None or review.review == OPEN:
        return cell
    said = replace(
        cell,
        review=review.review,
        reviewer=review.reviewer,
        reviewed_at=review.at,
        review_reason=review.reason,
        outdated=(review.read_value, review.read_unit, review.read_status)
        != (cell.value, cell.unit, cell.status),
    )
    if review.review == REJECTED:
        return replace(said, value="", unit="", number=None, day=None)
    method = contract_pb2.VALUE_METHOD_HUMAN if review.review == CORRECTED else cell.method
    known = typed(field, review.value, review.unit)
    return replace(
        said, value=review.value, unit=review.unit, method=method, number=known.number, day=known.day
    )


def _read(field: str, values: Sequence[StoredValue]) -> Cell:
    if not values:
        return Cell(field)
    first = min(values, key=lambda value: _FIRST.index(value.status))
    shown = first.status not in (contract_pb2.VALUE_STATUS_ABSENT, contract_pb2.VALUE_STATUS_REDACTED)
    proven = first.status == contract_pb2.VALUE_STATUS_VERIFIED
    known = typed(field, first.value, first.unit) if proven else Typed()
    return Cell(
        field=field,
        status=first.status,
        method=first.method,
        value=first.value if shown else "",
        unit=first.unit if shown else "",
        number=known.number,
        day=known.day,
        value_count=len(values) if shown else 0,
        evidence=first.evidence[0] if first.evidence else None,
        confidence=first.confidence,
    )


def typed(field: str, value: str, unit: str) -> Typed:
    """What ranges compare; nothing for words, codes and dates that hang on an event."""
    spec = FIELDS.get(field)
    claim = read_claim(spec, value, unit) if spec else None
    match claim:
        case Quantity(amount, of) | Rate(amount, of):
            return Typed(number=in_base_units(amount, of)[1])
        case Count(number):
            return Typed(number=number)
        case Money(amount, _):
            return Typed(number=amount)
        case Percent(amount, _, _):
            return Typed(number=amount)
        case RelativeDate(offset, _, _, _):
            return Typed(number=offset)
        case DateValue(day):
            return Typed(day=day)
        case _:
            return Typed()


def wrong_form(field: str, value: str, unit: str) -> Reason | None:
    """Why a value cannot be one of this field. Raises KeyError for a field that is not in the catalogue."""
    claim = read_claim(FIELDS[field], value, unit)
    return claim if isinstance(claim, Reason) else None
