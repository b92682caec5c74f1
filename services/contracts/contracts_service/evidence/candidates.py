"""Every value of the claimed kind that can be read from a stretch of text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from contracts_service.evidence.dates import dates
from contracts_service.evidence.jurisdictions import chosen_laws
from contracts_service.evidence.measures import Measure, measures
from contracts_service.evidence.percents import period_of
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.relative import relative_dates
from contracts_service.evidence.units import CURRENCIES, convertible, is_rate, unit_named
from contracts_service.evidence.values import (
    Code,
    Count,
    DateValue,
    Flag,
    Jurisdiction,
    Money,
    Percent,
    Quantity,
    Rate,
    RelativeDate,
    Text,
    Value,
)
from contracts_service.fields import Choice, FieldSpec


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value read at [start, end) of a text, or a place where one stands that cannot be relied on.

    `anchor_start` is where a relative date's anchor begins: what lies behind it may be cut short.
    `support` is the span of the words that name a percentage's period.
    """

    start: int
    end: int
    value: Value | None
    flaw: Reason | None = None
    anchor_start: int | None = None
    notice: bool = False
    support: tuple[int, int] | None = None


def candidates(spec: FieldSpec, claimed: Value, text: str) -> list[Candidate]:
    """The candidates in `text` for a claim of this value, in the order in which they stand."""
    match claimed:
        case DateValue():
            return [
                Candidate(one.start, one.end, DateValue(one.day) if one.day else None, one.flaw)
                for one in dates(text)
            ]
        case RelativeDate():
            return _relative(text)
        case Text(words):
            return _literal(words, text)
        case Jurisdiction():
            return [Candidate(start, end, Jurisdiction(name)) for name, start, end in chosen_laws(text)]
        case Count():
            return _counts(text)
        case Code():
            return _coded(spec.choices, text, Code)
        case Flag():
            return _coded(spec.choices, text, lambda code: Flag(code == "true"))
        case _:
            return [one for measure in measures(text) if (one := _measured(claimed, measure, text))]


def _measured(claimed: Value, measure: Measure, text: str) -> Candidate | None:
    value: Value | None = None
    support = None
    unit = measure.unit
    match claimed:
        # "The first Contract Year" is no duration of one year.
        case Quantity() if unit and convertible(unit, claimed.unit) and not measure.ordinal:
            value = Quantity(measure.amount, unit)
        case Rate() if unit and is_rate(unit):
            value = Rate(measure.amount, unit) if unit_named(unit) else None
            return Candidate(
                measure.start, measure.end, value, measure.flaw or (None if value else Reason.UNITS_DISAGREE)
            )
        case Money() if unit and unit in CURRENCIES:
            value = Money(measure.amount, unit)
        case Percent() if unit == "%":
            period, support = period_of(text, measure.start, measure.end)
            value = Percent(measure.amount, None, period)
        case _:
            return None
    return Candidate(measure.start, measure.end, value, measure.flaw, support=support)


_REFERENCE = re.compile(
    r"(?:section|article|exhibit|appendix|schedule|annex|§|no\.|year|page"
    r"|january|february|march|april|may|june|july|august|september|october|november|december)\s*$",
    re.IGNORECASE,
)


def _countable(measure: Measure, text: str) -> bool:
    """Whether a bare number may count things: not a lone "one", an ordinal, a reference."""
    if measure.unit is not None or measure.ordinal or (measure.in_words and measure.amount == 1):
        return False
    return not _REFERENCE.search(text, max(0, measure.start - 12), measure.start)


def _counts(text: str) -> list[Candidate]:
    in_dates = {place for one in dates(text) for place in range(one.start, one.end)}
    return [
        Candidate(one.start, one.end, Count(one.amount), one.flaw)
        for one in measures(text)
        if one.start not in in_dates and _countable(one, text)
    ]


def _relative(text: str) -> list[Candidate]:
    return [
        Candidate(one.start, one.end, one.value, one.flaw, one.anchor_start, one.notice)
        for one in relative_dates(text)
    ]


def _literal(words: str, text: str) -> list[Candidate]:
    literal = r"\s+".join(re.escape(part) for part in words.split())
    pattern = re.compile(rf"(?<!\w){literal}(?!\w)", re.IGNORECASE)
    return [Candidate(*match.span(), Text(words)) for match in pattern.finditer(text)]


def _coded(choices: tuple[Choice, ...], text: str, make: Callable[[str], Value]) -> list[Candidate]:
    """The first choice, in their order, that a stretch of wording states; later ones in it are ignored."""
    found: list[Candidate] = []
    for choice in choices:
        for pattern in map(_compiled, choice.wordings):
            for match in pattern.finditer(text):
                if not any(one.start < match.end() and match.start() < one.end for one in found):
                    found.append(Candidate(*match.span(), make(choice.code)))
    return sorted(found, key=lambda one: one.start)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
