"""The typed values a contract can state, and when two of them are the same."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from contracts_service.evidence.units import in_base_units

_LITTLE_WORDS = """
the a an of such each any every date day days time its to that which when is are by on in for and or this
with from after following before prior s it his their as
"""
_STOPWORDS = frozenset(_LITTLE_WORDS.split())
_SUFFIX = re.compile(r"(?<=[a-z]{4})(?:ations?|at(?:es?|ed|ing)|ions?|ing|ed|es|s|e)$")


@dataclass(frozen=True, slots=True)
class DateValue:
    """A calendar date."""

    day: date


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a unit that `units` knows, e.g. 30 MW or 15 years."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things."""

    number: Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in an ISO 4217 currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Money per unit; `unit` is e.g. "USD/kWh"."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage (85 is 85 %), of what (`basis`: NAMEPLATE, LHV, HHV), for which `period` (month, year)."""

    amount: Decimal
    basis: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class RelativeDate:
    """An offset of days, business days, months or years `direction` ("after" or "before") an event."""

    offset: Decimal
    unit: str
    direction: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words taken over as they stand."""

    words: str


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A state or country by its plain name."""

    name: str


@dataclass(frozen=True, slots=True)
class Code:
    """One of a field's fixed codes."""

    code: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    on: bool


Value = (
    DateValue | Quantity | Count | Money | Rate | Percent | RelativeDate | Text | Jurisdiction | Code | Flag
)


def same(first: Value, second: Value) -> bool:
    """Whether two values agree: units are converted, never across kinds of unit.

    A percentage without a basis or period agrees with one that has it; two different ones do not.
    Anchors agree where the content words of one all stand in the other.
    """
    match first, second:
        case (Quantity(a, one), Quantity(b, two)) | (Rate(a, one), Rate(b, two)):
            return in_base_units(a, one) == in_base_units(b, two)
        case Percent(), Percent():
            return _same_percent(first, second)
        case RelativeDate(), RelativeDate():
            return same_offset(first, second) and _anchors_agree(first.anchor, second.anchor)
        case Text(a_words), Text(b_words):
            return " ".join(a_words.split()).casefold() == " ".join(b_words.split()).casefold()
        case _:
            return first == second


def same_offset(first: RelativeDate, second: RelativeDate) -> bool:
    """Whether two relative dates agree in everything but their anchor."""
    return (first.offset, first.unit, first.direction) == (second.offset, second.unit, second.direction)


def content_words(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning: "the date of dispatch" and "is dispatched" share one."""
    words = re.findall(r"[a-z0-9]+", text.lower().replace("'s", ""))
    return frozenset(_SUFFIX.sub("", word) for word in words if word not in _STOPWORDS)


def _same_percent(first: Percent, second: Percent) -> bool:
    return (
        first.amount == second.amount
        and (None in (first.basis, second.basis) or first.basis == second.basis)
        and (None in (first.period, second.period) or first.period == second.period)
    )


def _anchors_agree(first: str, second: str) -> bool:
    one, two = content_words(first), content_words(second)
    return one <= two or two <= one
