"""Plain statements of a contract, found by a few patterns of this eval's own; the verifier's are not used."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

_WORD = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen"
    "|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|point"
)
NUMBER_WORD = re.compile(rf"\b(?:{_WORD})\b", re.IGNORECASE)
_WORDS = rf"(?:(?:{_WORD})(?:[\s-]+(?:and\s+)?))+"
_TIME = r"(?P<unit>(?:business\s+)?days|months|years)\b"
_AMOUNT = r"(?P<value>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
_ALONE = r"(?<![\w.,$/(-])"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"

# A part of a formula, a range or a choice is no plain statement, nor is what is given twice, nor a cell of a
# table, beside another number.
_JOINED_BEFORE = re.compile(
    r"(?:[0-9]|[-–—×=+*/±~]|[0-9a-z)%]\s+(?:to|or|and|through|plus|times|x|by)|between|\((?:USD?)?)\s*$",
    re.IGNORECASE,
)
_JOINED_AFTER = re.compile(
    rf"\s*(?:[-–—×=+*/(±0-9$]|(?:per|each|a|every)\s|(?:to|or|and|through|plus|times|x)\s+(?:\$|[0-9]|(?:{_WORD})\b))",
    re.IGNORECASE,
)


def _form(kind: str, pattern: str) -> tuple[str, re.Pattern[str]]:
    return kind, re.compile(pattern, re.IGNORECASE)


_FORMS = (
    _form("PERIOD", rf"\b{_WORDS}\({_AMOUNT}\)\s+{_TIME}"),
    _form("PERIOD", rf"{_ALONE}{_AMOUNT}\s+{_TIME}"),
    _form("POWER", rf"{_ALONE}{_AMOUNT}\s?(?P<unit>kW|MW|kWh|MWh)\b(?!\s*[-/])"),
    _form("MONEY", rf"\b{_WORDS}dollars\s+\(\${_AMOUNT}\)"),
    _form(
        "MONEY",
        rf"(?<![\w(])\${_AMOUNT}(?!\d|[.,]\d|\s?(?:/|\bper\b|million|thousand|(?:for\s+)?each\b|a\b))",
    ),
    _form("PERCENT", rf"\b{_WORDS}percent\s+\({_AMOUNT}%\)"),
    _form("PERCENT", rf"{_ALONE}{_AMOUNT}(?:%|\s+percent\b)"),
    _form("DATE", rf"\b(?P<value>(?:{MONTHS})\s+[0-9]{{1,2}},\s+(?:19|20)[0-9]{{2}})\b"),
)


@dataclass(frozen=True)
class Plain:
    """An expression at [start, end) of a text, its kind, and its value and unit as they would be claimed."""

    kind: str
    start: int
    end: int
    value: str
    unit: str


def plain_statements(text: str) -> list[Plain]:
    """In the order in which they stand; of overlapping ones the first form."""
    taken: list[Plain] = []
    for kind, pattern in _FORMS:
        for match in pattern.finditer(text):
            free = not any(one.start < match.end() and match.start() < one.end for one in taken)
            if free and not _joined(text, *match.span()):
                taken.extend(_read(kind, match))
    return sorted(taken, key=lambda one: one.start)


def _joined(text: str, start: int, end: int) -> bool:
    before = _JOINED_BEFORE.search(text, max(0, start - 20), start)
    return bool(before or _JOINED_AFTER.match(text, end))


def _read(kind: str, match: re.Match[str]) -> Iterator[Plain]:
    if kind == "DATE":
        try:
            day = datetime.strptime(" ".join(match["value"].split()), "%B %d, %Y").date()  # noqa: DTZ007  # a day
        except ValueError:
            return
        yield Plain(kind, *match.span(), day.isoformat(), "date")
        return
    value = f"{Decimal(match['value'].replace(',', '')):f}"
    unit = {"MONEY": "USD", "PERCENT": "%"}.get(kind) or " ".join(match["unit"].lower().split())
    unit = {"kw": "kW", "mw": "MW", "kwh": "kWh", "mwh": "MWh"}.get(unit, unit)
    yield Plain(kind, *match.span(), value, unit)
