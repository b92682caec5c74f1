"""Sums that the document works out itself: "6 × 325 kW × 80% = 1,560 kW"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, DivisionByZero, InvalidOperation

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.rounding import step
from contracts_service.contradictions.wording import number

_UNIT = (
    r"(?:kWh?|MWh?|kilowatts?(?:[\s-]hours?)?|megawatts?(?:[\s-]hours?)?|MMBtu|BTU|hours?|days?|months?|years?|points?|"
    r"Energy\s+Servers?|Systems?|per\s+(?:kWh|MWh|kW(?:-(?:month|year))?|MW|hour|day|month|year|point|MMBtu)|/\s?(?:kWh|MWh|kW(?:-(?:month|year))?|MMBtu))"
)
_TOKEN = re.compile(
    r"(?P<gap>[ \t]+)|(?P<number>(?:US)?\$?\s?(?<![\w.,])\d(?:[\d,]*\d)?(?:\.\d+)?(?![\w.,]*\d))"
    rf"(?P<percent>\s?%)?(?P<unit>[ \t-]?{_UNIT}\b)?|(?P<operator>[×x*÷/+–-])|(?P<open>\()"
    rf"|(?P<close>\)(?P<after>[ \t]?{_UNIT}\b)?)"
    r"|(?P<equals>=|,\s+or(?=\s)|\t)",
)
_TIMES = re.compile(r"[×*÷]|(?<=[\d%Ws])\sx\s(?=\$?\d)")
_LINE = re.compile(r"[^\n\f]+")
# "04/08/99": a day, not a division.
_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}")
_FACTORS = {
    ("kW", "MW"): Decimal("0.001"),
    ("MW", "kW"): Decimal(1000),
    ("kWh", "MWh"): Decimal("0.001"),
    ("MWh", "kWh"): Decimal(1000),
}
_OPERATORS = {"×": "*", "x": "*", "*": "*", "÷": "/", "/": "/", "+": "+", "–": "-", "-": "-"}


@dataclass(frozen=True, slots=True)
class _Token:
    """A number, an operator, a parenthesis or "="; offsets are of the stored text."""

    sort: str
    start: int
    end: int
    printed: str = ""
    value: Decimal = Decimal(0)
    unit: str = ""


def find(reading: Reading) -> Iterator[Contradiction]:
    """Every equation of a line, and every row that ends with what its computation makes."""
    for line in _LINE.finditer(reading.document.text):
        if _TIMES.search(line[0]):
            for run in _runs(line):
                yield from _check(reading, run)


def _runs(line: re.Match[str]) -> Iterator[list[_Token]]:
    """Unbroken stretches of tokens; any other word breaks one."""
    run: list[_Token] = []
    place = line.start()
    while place < line.end():
        match = _TOKEN.match(line.string, place, line.end())
        if match is None or match.end() == place:
            if run:
                yield run
            run = []
            place = _past_word(line.string, place, line.end())
            continue
        if not match["gap"]:
            run.append(_token(match))
        place = match.end()
    if run:
        yield run


def _past_word(text: str, place: int, end: int) -> int:
    word = re.compile(r"[A-Za-z_\[\]*]+|[^A-Za-z]").match(text, place, end)
    return word.end() if word else place + 1


def _token(match: re.Match[str]) -> _Token:
    span = match.span()
    if match["number"]:
        value = Decimal(match["number"].lstrip("US$ ").replace(",", ""))
        unit = (match["unit"] or "").strip(" \t-")
        return _Token(
            "number",
            *span,
            match["number"],
            value / 100 if match["percent"] else value,
            "%" if match["percent"] else unit,
        )
    if match["operator"]:
        return _Token(_OPERATORS[match["operator"]], *span)
    if match["close"]:
        return _Token(")", *span)
    return _Token("(" if match["open"] else "=", *span)


def _check(reading: Reading, run: Sequence[_Token]) -> Iterator[Contradiction]:
    for first in range(len(run)):
        if run[first].sort in ("number", "(") and (first == 0 or run[first - 1].sort not in "*/+-("):
            read = _equation(run, first)
            if read is not None:
                side, result = read
                yield from _compare(reading, side, result)
                return


def _equation(run: Sequence[_Token], first: int) -> tuple[Sequence[_Token], _Token] | None:
    """The longest computation from `first` that is followed by its result."""
    end = _expression(run, first)
    side = run[first:end]
    if (
        end is None
        or not any(one.sort in "*/" for one in side)
        or sum(one.sort == "number" for one in side) < 2
    ):
        return None
    if end < len(run) and run[end].sort == "=":
        end += 1
    if end >= len(run) or run[end].sort != "number" or (end + 1 < len(run) and run[end + 1].sort in "*/+-"):
        return None
    return side, run[end]


def _expression(run: Sequence[_Token], place: int) -> int | None:
    """Where the expression that begins at `place` ends: operands with operators between them."""
    end: int | None = None
    while True:
        after = _operand(run, place)
        if after is None:
            return end
        end = after
        if end >= len(run) or run[end].sort not in "*/+-":
            return end
        place = end + 1


def _operand(run: Sequence[_Token], place: int) -> int | None:
    if place < len(run) and run[place].sort == "number":
        return place + 1
    if place < len(run) and run[place].sort == "(":
        inside = _expression(run, place + 1)
        if inside is not None and inside < len(run) and run[inside].sort == ")":
            return inside + 1
    return None


def _compare(reading: Reading, side: Sequence[_Token], result: _Token) -> Iterator[Contradiction]:
    made = _evaluate(side)
    if made is None or reading.told(*_plain(reading, side[0].start, result.end)):
        return
    if any(_agree(made * factor, result) for factor in _factors(side, result)):
        return
    text = reading.document.text
    written = " ".join(text[side[0].start : side[-1].end].split())
    if _DAY.search(written):
        return
    shown = number(made.quantize(step(result.printed)) if abs(made) < 10**15 else made)
    printed = text[result.start : result.end].strip()
    yield Contradiction(
        Kind.SUM,
        Severity.HIGH,
        f"{written} makes {shown}, not {printed}.",
        (
            reading.at_stored(side[0].start, result.end, shown),
            reading.at_stored(result.start, result.end, printed),
        ),
        f"{written} = {shown}",
    )


def _plain(reading: Reading, start: int, end: int) -> tuple[int, int]:
    return reading.plain(start), reading.plain(end - 1) + 1


def _factors(side: Sequence[_Token], result: _Token) -> Iterator[Decimal]:
    """What may lie between the computation and its result: units of another size."""
    yield Decimal(1)
    for one in side:
        if (one.unit, result.unit) in _FACTORS:
            yield _FACTORS[one.unit, result.unit]


def _agree(made: Decimal, result: _Token) -> bool:
    scale = Decimal("0.01") if result.unit == "%" else Decimal(1)
    return abs(made - result.value) < step(result.printed) * scale


def _evaluate(side: Sequence[_Token]) -> Decimal | None:
    """Multiplication before addition, parentheses first; None where it divides by nothing."""
    try:
        value, _ = _sum(side, 0)
    except (DivisionByZero, InvalidOperation, ZeroDivisionError):
        return None
    return value


def _sum(side: Sequence[_Token], place: int) -> tuple[Decimal, int]:
    value, place = _product(side, place)
    while place < len(side) and side[place].sort in "+-":
        sign = 1 if side[place].sort == "+" else -1
        more, place = _product(side, place + 1)
        value += sign * more
    return value, place


def _product(side: Sequence[_Token], place: int) -> tuple[Decimal, int]:
    value, place = _value(side, place)
    while place < len(side) and side[place].sort in "*/":
        times = side[place].sort == "*"
        more, place = _value(side, place + 1)
        value = value * more if times else value / more
    return value, place


def _value(side: Sequence[_Token], place: int) -> tuple[Decimal, int]:
    if side[place].sort == "number":
        return side[place].value, place + 1
    value, place = _sum(side, place + 1)
    return value, place + 1
