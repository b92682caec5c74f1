"""What a redaction mark can hide: read with a number in its place, its unit must be one of the field's."""

import re

from contracts_service.evidence.measures import Measure, measures
from contracts_service.evidence.units import convertible
from contracts_service.fields import FieldSpec, Kind

_NEAR = 60
_RATE = re.compile(r"\s*(?:/|per\b)", re.IGNORECASE)
_OFFSETS = ("days", "weeks", "business days", "months", "years")


def could_hide(spec: FieldSpec, text: str, mark: tuple[int, int]) -> bool:
    """Whether a value of the field could stand at `mark`. A mark without currency and unit hides anything."""
    unit = _unit_at(text, mark)
    if unit is None:
        return True
    match spec.kind:
        case Kind.PERCENT:
            return unit == "%"
        case Kind.RELATIVE_DATE:
            return unit in _OFFSETS
        case Kind.QUANTITY | Kind.RATE | Kind.MONEY:
            return any(_akin(unit, allowed) for allowed in spec.units)
        case _:
            return False


def _unit_at(text: str, mark: tuple[int, int]) -> str | None:
    before, after = text[max(0, mark[0] - _NEAR) : mark[0]], text[mark[1] : mark[1] + _NEAR]
    unit = _read(before, after)
    # "[***] per kWh" hides the currency, too.
    return _read(f"{before}$", after) if unit is None and _RATE.match(after) else unit


def _read(before: str, after: str) -> str | None:
    filled = f"{before}1{after}"
    return next((one.unit for one in measures(filled) if _covers(one, len(before))), None)


def _covers(measure: Measure, place: int) -> bool:
    return measure.start <= place < measure.end


def _akin(unit: str, allowed: str) -> bool:
    return unit == allowed or convertible(unit, allowed)
