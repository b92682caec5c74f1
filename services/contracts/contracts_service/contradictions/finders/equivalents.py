"""One quantity in two units side by side: "1,950 kW (1.59 MW)", "two years (36 months)"."""

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.rounding import agrees
from contracts_service.contradictions.wording import amount, measured
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.units import unit_named

_BETWEEN = re.compile(r"\s*\((?:i\.e\.,?\s*|or\s+|equal\s+to\s+|being\s+)?")
_CLOSED = re.compile(r"\s*\)")
#: How many of the second the first makes. Months against days are left out: nobody agrees on those.
_TIMES = {("years", "months"): Decimal(12), ("days", "hours"): Decimal(24), ("weeks", "hours"): Decimal(168)}
_CONVERTED = frozenset(("power", "energy", "heat", "voltage", "days"))


def find(reading: Reading) -> Iterator[Contradiction]:
    """Pairs whose units convert exactly."""
    for first, second in pairwise(reading.measures):
        between = reading.text[first.end : second.start]
        if _BETWEEN.fullmatch(between) and _CLOSED.match(reading.text, second.end):
            expected = _expected(first, second)
            if expected is not None and not agrees(
                reading.text[second.start : second.end], expected, second.amount
            ):
                yield _contradiction(reading, first, second, expected)


def _expected(first: Measure, second: Measure) -> Decimal | None:
    """The first amount in the unit of the second; None where one does not tell the other."""
    if first.flaw or second.flaw or first.unit == second.unit or first.ordinal:
        return None
    pair = (first.unit or "", second.unit or "")
    if pair in _TIMES:
        return first.amount * _TIMES[pair]
    if pair[::-1] in _TIMES:
        return first.amount / _TIMES[pair[::-1]]
    given, sought = map(unit_named, pair)
    if given is None or sought is None or given.dimension != sought.dimension or given.kind not in _CONVERTED:
        return None
    return first.amount * given.factor / sought.factor


def _contradiction(reading: Reading, first: Measure, second: Measure, expected: Decimal) -> Contradiction:
    values = measured(first), measured(second)
    return Contradiction(
        Kind.SAME_QUANTITY_TWICE,
        Severity.HIGH,
        f"One quantity is stated as {values[0]} and, in parentheses, as {values[1]}.",
        (
            reading.passage(first.start, second.end, values[0]),
            reading.exactly(second.start, second.end, values[1]),
        ),
        f"{values[0]} is {amount(expected, second.unit)}",
    )
