"""What a sentence states about an attribute, where it holds a value of its form; nothing is interpreted."""

import re
from collections.abc import Iterator

from claude_simulator.rules.values import KINDS

# The attribute, by its name and its unit, and the kinds of values that it may be.
_VALUES: dict[str, tuple[str, ...]] = {
    "date": ("date",),
    "due_date": ("date",),
    "cod": ("date",),
    "rate": ("rate",),
    "amount": ("money",),
    "fee": ("money",),
    "cap": ("money",),
    "percentage": ("percent",),
    "threshold": ("percent", "power"),
    "nameplate": ("power",),
    "notice": ("duration",),
    "cure": ("duration",),
    "legal_name": ("name",),
}
_ACTORS = re.compile(
    r"\b(Buyer|Seller|Owner|Operator|Provider|Customer|Purchaser|Host|Company|Contractor|Lessee|Lessor|Supplier"
    r"|Distributor|either [Pp]arty|[Ee]ach [Pp]arty)\b"
)
_RECURS = (
    (
        "FREQ=MONTHLY",
        re.compile(r"\b(?:monthly|(?:each|every|per)\s+(?:calendar\s+)?month)\b", re.IGNORECASE),
    ),
    (
        "FREQ=YEARLY",
        re.compile(r"\b(?:annually|annual|(?:each|every|per)\s+(?:calendar\s+)?year)\b", re.IGNORECASE),
    ),
    (
        "FREQ=MONTHLY;INTERVAL=3",
        re.compile(r"\b(?:quarterly|(?:each|every)\s+(?:calendar\s+)?quarter)\b", re.IGNORECASE),
    ),
)
_PERIODS = (
    ("MONTH", re.compile(r"\bmonth(?:ly)?\b", re.IGNORECASE)),
    ("YEAR", re.compile(r"\b(?:year(?:ly)?|annual(?:ly)?)\b", re.IGNORECASE)),
)
_COMPILED = {
    name: re.compile(KINDS[name].pattern, re.IGNORECASE if name != "name" else 0)
    for names in _VALUES.values()
    for name in names
}


def attribute(name: str, sentence: str) -> dict[str, str] | None:
    """The attribute on the wire, quoted by the whole sentence; None where the sentence states none."""
    value = next(_values(name, sentence), None)
    if value is None:
        return None
    return {"name": name, "state": "FOUND", "value": value[0], "unit": value[1], "quote": sentence}


def _values(name: str, sentence: str) -> Iterator[tuple[str, str]]:
    if name == "who" and (actor := _ACTORS.search(sentence)):
        yield actor[1], "text"
    for code, words in {"recurrence": _RECURS, "period": _PERIODS}.get(name, ()):
        if words.search(sentence):
            yield code, "enum"
    for kind in _VALUES.get(name, ()):
        for match in _COMPILED[kind].finditer(sentence):
            if reading := KINDS[kind].read(match):
                yield reading[0], reading[1].partition(" after ")[0]
