"""Figures that no plant or price can have in their unit: told apart from what another passage contradicts."""

import re
from collections.abc import Iterator
from decimal import Decimal

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.wording import measured, number
from contracts_service.evidence.measures import Measure

_PRICE = re.compile(r"\b(?:price|rate|tariff|charge|payment|pay|adder|escalat\w+)\b", re.IGNORECASE)
# Batteries are bought, and damages paid, in dollars per kWh of another kind.
_NO_PRICE_OF_ENERGY = re.compile(
    r"\b(?:batter(?:y|ies)|storage|capital|installed|purchase\s+price|damages|penalt\w+|cycle|REC|capacity\s+of)\b",
    re.IGNORECASE,
)
#: $/kWh of electricity under long contracts, generously; the domain's own band is 0.08 to 0.25.
_SANE = (Decimal("0.02"), Decimal("0.60"))
_TOO_HIGH, _TOO_LOW = Decimal(2), Decimal("0.002")
_AT_MOST_WHOLE = re.compile(
    r"\b(?P<what>efficiency|availability|capacity\s+factor|power\s+factor)\b(?:\s+(?:guarantee|of\s+the\s+\w+|factor))?"
    r"(?:[^.;\n\d%]{0,60}?\b(?:of|be|is|than|least|equals?|exceed|at)\b|\s*[:=]?)(?:\s+\w+){0,8}?\s*$",
    re.IGNORECASE,
)
_SHARE_OF = re.compile(r"\s*(?:LHV|HHV)?\s*(?:\([^)]*\)\s*)?of\b", re.IGNORECASE)
_BEFORE = 120
_PRICES = ("USD/kWh", "USD/MWh")


def find(reading: Reading) -> Iterator[Contradiction]:
    """Prices of energy, and shares that cannot pass the whole."""
    for one in reading.measures:
        if one.flaw:
            continue
        if one.unit in _PRICES:
            yield from _price(reading, one)
        elif one.unit == "%" and one.amount > 100:
            yield from _share(reading, one)


def _price(reading: Reading, one: Measure) -> Iterator[Contradiction]:
    start, end = reading.sentence(one.start, one.end)
    words = reading.text[start:end]
    if not _PRICE.search(words) or _NO_PRICE_OF_ENERGY.search(words):
        return
    per_kwh = one.amount if one.unit == "USD/kWh" else one.amount / 1000
    meant = _meant(one, per_kwh)
    other = _in_other_unit(reading, one)
    if meant and other:
        yield _two_units(reading, one, other)
    elif meant:
        yield Contradiction(
            Kind.UNIT,
            Severity.WARNING,
            f"{measured(one)} is no price of electricity; it would be one as {meant}.",
            (reading.passage(one.start, one.end, measured(one)), reading.exactly(one.start, one.end, meant)),
            f"{measured(one)} = {number(per_kwh)} $/kWh; sane are {_SANE[0]} to {_SANE[1]} $/kWh",
        )


def _in_other_unit(reading: Reading, one: Measure) -> Measure | None:
    """The same figure as a price per another amount of energy."""
    prices = (other for other in reading.measures if other.unit in _PRICES and not other.flaw)
    return next((other for other in prices if other.amount == one.amount and other.unit != one.unit), None)


def _two_units(reading: Reading, one: Measure, other: Measure) -> Contradiction:
    return Contradiction(
        Kind.UNIT,
        Severity.HIGH,
        f"One price is {measured(one)} in one place and {measured(other)} in another.",
        reading.passages(
            *(
                (each.start, each.end, measured(each))
                for each in sorted((one, other), key=lambda each: each.start)
            )
        ),
        f"{number(one.amount)} $/kWh = {number(one.amount * 1000)} $/MWh",
    )


def _meant(one: Measure, per_kwh: Decimal) -> str:
    """The unit in which the figure makes sense; "" where the printed one does, or none does."""
    if one.unit == "USD/kWh" and per_kwh > _TOO_HIGH:
        if _sane(per_kwh / 1000):
            return f"${number(one.amount)} per MWh"
        return f"{number(one.amount)} cents per kWh" if _sane(per_kwh / 100) else ""
    if one.unit == "USD/MWh" and per_kwh < _TOO_LOW and _sane(one.amount):
        return f"${number(one.amount)} per kWh"
    return ""


def _sane(per_kwh: Decimal) -> bool:
    return _SANE[0] <= per_kwh <= _SANE[1]


def _share(reading: Reading, one: Measure) -> Iterator[Contradiction]:
    before = reading.text[max(0, one.start - _BEFORE) : one.start]
    match = _AT_MOST_WHOLE.search(before)
    if match is None or _SHARE_OF.match(reading.text, one.end):
        return
    shown = f"{number(one.amount)} %"
    yield Contradiction(
        Kind.UNIT,
        Severity.WARNING,
        f"{match['what'].capitalize()} is stated as {shown}; it cannot be more than 100 %.",
        (reading.passage(one.start, one.end, shown), reading.exactly(one.start, one.end, shown)),
    )
