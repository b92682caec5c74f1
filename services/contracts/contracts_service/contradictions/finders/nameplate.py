"""Number of units × nameplate of each against the capacity stated for all, and totals among each other."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.wording import amount, measured, number
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.units import in_base_units

_ALL = re.compile(
    r"\b(?:aggregate|total|combined)\s+(?:net\s+)?(?:nameplate|generating|rated|installed)\s+(?:generating\s+)?capacity\b[^.;\n\d]{0,40}$",
    re.IGNORECASE,
)
_EACH_BEFORE = re.compile(
    r"\b(?:nameplate|rated)\s+capacity\s+(?:of|for)\s+each\b[^.;\n\d]{0,40}$|"
    r"\beach\s+(?:with|having|has|of\s+which\s+has)\s+(?:a\s+)?(?:nameplate|rated)\s+(?:generating\s+)?capacity\s+of\s+(?:approximately\s+)?$",
    re.IGNORECASE,
)
_EACH_AFTER = re.compile(
    r"\s+(?:for\s+each|per)\s+(?:Energy\s+Server|Bloom\s+System|fuel\s+cell\s+system|System|unit)\b",
    re.IGNORECASE,
)
_UNITS = re.compile(r"\s+(?:\w+\s+)?(?:Energy\s+Servers|Bloom\s+Systems|fuel\s+cell\s+systems|Systems)\b")
_CHANGE = re.compile(
    r"\b(?:additional|added?|initial|phase|increase[ds]?|up\s+to|at\s+least|more\s+than|less\s+than|maximum|minimum|example|changed|replaced|deleted)\b",
    re.IGNORECASE,
)
_BEFORE = 120


def find(reading: Reading) -> Iterator[Contradiction]:
    """Only where the document has one number of units and one nameplate."""
    if reading.structure.amends:
        return
    totals, each, counts = _totals(reading), _each(reading), _counts(reading)
    if totals and (other := next((one for one in totals[1:] if _kw(one) != _kw(totals[0])), None)):
        yield _two_totals(reading, totals[0], other)
        return
    if totals and len({_kw(one) for one in each}) == 1 and len({one.amount for one in counts}) == 1:
        made = counts[0].amount * _kw(each[0])
        if made != _kw(totals[0]):
            yield _product(reading, counts[0], each[0], totals[0], made)


def _powers(reading: Reading) -> Iterator[tuple[Measure, str]]:
    for one in reading.measures:
        if one.unit in ("kW", "MW") and not one.flaw:
            before = reading.text[max(0, one.start - _BEFORE) : one.start]
            if not _CHANGE.search(before):
                yield one, before


def _totals(reading: Reading) -> list[Measure]:
    return [one for one, before in _powers(reading) if _ALL.search(before)]


def _each(reading: Reading) -> list[Measure]:
    return [
        one
        for one, before in _powers(reading)
        if _EACH_BEFORE.search(before) or _EACH_AFTER.match(reading.text, one.end)
    ]


def _counts(reading: Reading) -> list[Measure]:
    found = (one for one in reading.measures if one.unit is None and not one.flaw and not one.ordinal)
    return [
        one
        for one in found
        if one.amount >= 2
        and _UNITS.match(reading.text, one.end)
        and not _CHANGE.search(reading.text[max(0, one.start - _BEFORE) : one.start])
    ]


def _kw(one: Measure) -> Decimal:
    return in_base_units(one.amount, one.unit or "kW")[1]


def _two_totals(reading: Reading, first: Measure, second: Measure) -> Contradiction:
    values = measured(first), measured(second)
    mixed = max(_kw(first), _kw(second)) == 1000 * min(_kw(first), _kw(second))
    return Contradiction(
        Kind.UNIT if mixed else Kind.SAME_QUANTITY_TWICE,
        Severity.HIGH,
        f"The capacity of all units is {values[0]} in one place and {values[1]} in another"
        + (": kW and MW are mixed up." if mixed else "."),
        reading.passages((first.start, first.end, values[0]), (second.start, second.end, values[1])),
        f"{amount(_kw(first), 'kW')} ≠ {amount(_kw(second), 'kW')}",
    )


def _product(reading: Reading, count: Measure, each: Measure, total: Measure, made: Decimal) -> Contradiction:
    parts: Sequence[tuple[Measure, str]] = (
        (total, measured(total)),
        (count, number(count.amount)),
        (each, measured(each)),
    )
    return Contradiction(
        Kind.SUM,
        Severity.HIGH,
        f"{number(count.amount)} units of {measured(each)} make {amount(made, 'kW')}, not {measured(total)}.",
        reading.passages(*((one.start, one.end, shown) for one, shown in parts)),
        f"{number(count.amount)} × {measured(each)} = {amount(made, 'kW')}",
    )
