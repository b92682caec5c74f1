"""Measures: numbers together with their unit, currency or percent sign, pairs of words and figures merged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from contracts_service.evidence.changes import is_old_value, new_value_start
from contracts_service.evidence.number import Number
from contracts_service.evidence.numbers import numbers
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.spellings import unit_after
from contracts_service.evidence.units import CURRENCIES

_SIGNS = {"US$": "USD", "U.S.$": "USD", "USD$": "USD", "$": "USD", "€": "EUR", "£": "GBP", "₩": "KRW"}
_CURRENCY = re.compile(
    rf"(?<![A-Za-z])(US\s?\$|U\.S\.\s?\$|USD\s?\$?|[$€£₩]|{'|'.join(sorted(CURRENCIES))})\s*$", re.IGNORECASE
)
# A yen or a yuan, a dollar of some other country.
_STRANGE_SIGN = re.compile(r"(?:[A-Za-z]\$|¥)\s*$")
_OTHER_DOLLARS = re.compile(
    r"\s*(?:CAD|AUD|NZD|HKD|SGD|(?:canadian|australian|hong\s+kong|singapore|new\s+zealand)\b)", re.IGNORECASE
)
_SHORT_SCALE = re.compile(r"\s?(?:MM|M|K|B|bn|mm|m|k|mn|mil)\b")
_KW = r"(?:kw|kilowatt)s?(?:\s+of\s+(?:[a-z]+\s+){0,3}capacity)?"
_PER = (
    ("kW-month", rf"{_KW}\s*(?:-|/|\s|\sper\s)\s*(?:months?|mo)"),
    ("kW-year", rf"{_KW}\s*(?:-|/|\s|\sper\s)\s*(?:years?|yr|annum)"),
    ("kWh", r"kw-?hr?s?|kw-?hours?|kilowatt[-\s]?hours?"),
    ("MWh", r"mw-?hr?s?|mw-?hours?|megawatt[-\s]?hours?"),
    ("cycle", r"(?:thermal\s+|start\s+)?cycles?"),
    ("MMBtu", r"mm\s?btus?|dth|de[ck]a-?therms?"),
    ("therm", r"therms?"),
    ("GJ", r"gj|gigajoules?"),
    ("kW", r"kw|kilowatts?"),
    ("MW", r"mw|megawatts?"),
    ("month", r"months?"),
    ("year", r"years?|annum|contract\s+year"),
    ("day", r"days?"),
    ("hour", r"hours?"),
    ("system", r"(?:bloom\s+|energy\s+)?(?:systems?|servers?)"),
)
_PER_NAMED = "|".join(f"(?P<p{i}>{spelling})" for i, (_, spelling) in enumerate(_PER))
_DENOMINATOR = re.compile(rf"\s*(?:/|\b(?:per|for\s+each|each|a)\b)\s*(?:{_PER_NAMED})\b", re.IGNORECASE)
_RATE_LABEL = re.compile(
    rf"\(?(?P<money>US\$|USD|\$|¢|cents)\s*(?:/|per)\s*(?:{_PER_NAMED})\b\)?\s*[:=]?\s*$", re.IGNORECASE
)
_BETWEEN_PAIR = re.compile(r"\s*\(\s*(?:US\s?\$|USD\s?\$?|\$|€|£)?\s*", re.IGNORECASE)
_JOINS = re.compile(
    r"\s*(?:-|/|\]\s*/?\s*\[|to|through|or|and|and/or|x|×|times|plus|by|multiplied\s+by)\s*", re.IGNORECASE
)
#: Units that are a part of another.
_PARTS = {"cents": ("USD", 100), "mills": ("USD", 1000), "basis points": ("%", 100)}
# "$0.01 per kWh per year" is a rise of a price, and no price.
_GOES_ON = re.compile(r"\s*(?:/|per\b)\s*[a-z]", re.IGNORECASE)
# "Five Million and 00/100 Dollars": no cents, as cheques say it.
_NO_CENTS = re.compile(r"\s+and\s+(?:0{1,2}|no|zero)/100(?:ths)?\b", re.IGNORECASE)
_LOOSE_SIGN = re.compile(r"(?:±|\+/-|\+\s|~)\s*$")


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount and its unit at [start, end) of a text.

    `unit` is None for a bare number, "?" for a unit this program does not know, "USD" and the like for
    money, "USD/kWh" and the like for rates, "%" for percentages, else a unit of `units.UNITS`.
    Where `flaw` is set, the amount must not be relied on.
    """

    start: int
    end: int
    amount: Decimal
    unit: str | None
    ordinal: bool = False
    in_words: bool = False
    paired: bool = False
    flaw: Reason | None = None


def measures(text: str) -> list[Measure]:
    """Every measure of `text` in the order in which they stand."""
    found = list(_read_all(text))
    return [_check_neighbours(text, measure, found, i) for i, measure in enumerate(found)]


def _read_all(text: str) -> Iterator[Measure]:
    all_numbers = numbers(text)
    i = 0
    while i < len(all_numbers):
        following = all_numbers[i + 1] if i + 1 < len(all_numbers) else None
        first = _single(text, all_numbers[i])
        pair = _pair(text, first, all_numbers[i], following) if following else None
        yield _as_rate(text, _check_alone(text, pair or first, paired=pair is not None))
        i += 2 if pair else 1


def _single(text: str, number: Number) -> Measure:
    start, currency, flaw = _currency_before(text, number)
    cheque = _NO_CENTS.match(text, number.end)
    unit, end = unit_after(text, cheque.end() if cheque else number.end)
    amount = number.value
    if unit in _PARTS:
        unit, amount = _PARTS[unit][0], amount / _PARTS[unit][1]
    if currency and unit not in (None, currency):
        # "$5 MW" makes no sense; "$1,000,000 Dollars" does.
        flaw = flaw or Reason.UNITS_DISAGREE
    if currency and (_SHORT_SCALE.match(text, number.end) or _OTHER_DOLLARS.match(text, end)):
        flaw = flaw or Reason.NUMBER_UNCLEAR
    if (
        unit is None
        and not number.in_words
        and not number.ordinal
        and text[number.end : number.end + 1].isalpha()
    ):
        # "1O0", "3.5x" and "500k": what is glued to the figure may be a part of it.
        flaw = flaw or Reason.NUMBER_UNCLEAR
    return Measure(
        start, end, amount, currency or unit, number.ordinal, number.in_words, flaw=number.flaw or flaw
    )


def _currency_before(text: str, number: Number) -> tuple[int, str | None, Reason | None]:
    before = text[max(0, number.start - 8) : number.start]
    match = _CURRENCY.search(before)
    if match is None:
        return number.start, None, Reason.NUMBER_UNCLEAR if _STRANGE_SIGN.search(before) else None
    name = re.sub(r"\s", "", match[1]).upper()
    return number.start - (len(before) - match.start()), _SIGNS.get(name, name), None


def _pair(text: str, first: Measure, number: Number, following: Number) -> Measure | None:
    """ "thirty (30) days" and its like: one value written twice."""
    cheque = _NO_CENTS.match(text, first.end)
    between = cheque.end() if cheque else first.end
    if number.in_words == following.in_words or not _BETWEEN_PAIR.fullmatch(text, between, following.start):
        return None
    second = _single(text, following)
    closing = re.compile(r"\s*\)").match(text, second.end)
    if closing is None:
        return None
    unit, end = unit_after(text, closing.end())
    units = {one for one in (first.unit, second.unit, unit) if one is not None}
    flaw = first.flaw or second.flaw
    if first.amount != second.amount:
        flaw = flaw or Reason.WORDS_AND_FIGURES_DISAGREE
    if len(units) > 1:
        flaw = flaw or Reason.UNITS_DISAGREE
    ordinal = first.ordinal or second.ordinal
    return Measure(first.start, end, first.amount, min(units, default=None), ordinal, paired=True, flaw=flaw)


def _check_alone(text: str, measure: Measure, *, paired: bool) -> Measure:
    """An amount alone in parentheses may be negative, as accountants write it; a "±" is no sign at all."""
    in_parentheses = (
        text[measure.start - 1 : measure.start] == "(" and text[measure.end : measure.end + 1] == ")"
    )
    unclear = (in_parentheses and not paired and measure.unit in (None, "USD")) or _LOOSE_SIGN.search(
        text, max(0, measure.start - 4), measure.start
    )
    if unclear and measure.flaw is None:
        return replace(measure, flaw=Reason.NUMBER_UNCLEAR)
    return measure


def _as_rate(text: str, measure: Measure) -> Measure:
    """Money per something is a rate; a bare number right after a label such as "($/kWh)" is one too."""
    if measure.unit is None:
        return _labelled_rate(text, measure)
    if measure.unit not in CURRENCIES:
        return measure
    match = _DENOMINATOR.match(text, measure.end)
    if match is None:
        return measure
    rise = "/?" if _GOES_ON.match(text, match.end()) else ""
    return replace(measure, end=match.end(), unit=f"{measure.unit}/{_denominator(match)}{rise}")


def _labelled_rate(text: str, measure: Measure) -> Measure:
    offset = max(0, measure.start - 40)
    match = _RATE_LABEL.search(text[offset : measure.start])
    if match is None:
        return measure
    cents = match["money"].lower() in ("¢", "cents")
    amount = measure.amount / 100 if cents else measure.amount
    return replace(measure, start=offset + match.start(), amount=amount, unit=f"USD/{_denominator(match)}")


def _denominator(match: re.Match[str]) -> str:
    return next(_PER[i][0] for i in range(len(_PER)) if match[f"p{i}"] is not None)


def _check_neighbours(text: str, measure: Measure, found: list[Measure], i: int) -> Measure:
    """One joined to its neighbour ("5 to 10", "3 x 325 kW", "one year and ten days") is not one value.

    "Is changed from 5 to 10" joins an old and a new value: each is one.
    """
    joined_before = i > 0 and _JOINS.fullmatch(text, found[i - 1].end, measure.start)
    joined_after = i + 1 < len(found) and _JOINS.fullmatch(text, measure.end, found[i + 1].start)
    if joined_before and new_value_start(text, measure.start) is not None:
        joined_before = None
    if joined_after and is_old_value(text, measure.start):
        joined_after = None
    if (joined_before or joined_after) and measure.flaw is None:
        return replace(measure, flaw=Reason.NOT_A_SINGLE_VALUE)
    return measure
