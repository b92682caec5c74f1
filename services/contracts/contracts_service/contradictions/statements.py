"""What the document says of a named quantity or day: "fifteen (15) years ... (the "Initial Term")"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.wording import day, measured
from contracts_service.evidence.dates import DateFound
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.units import in_base_units, unit_named

_NAMED = re.compile(
    r"\((?:(?:the|each|such|a|an|as|such\s+date|such\s+period|this|hereinafter|herein|referred\s+to|called|being|\")\s*)*"
    r"(?:the\s+)?\"(?P<term>[A-Z][^\"\n]{2,60})\"\)"
)
_MEANS = re.compile(
    r"\"(?P<term>[A-Z][^\"\n]{2,60})\"\s+(?:shall\s+mean|means|is|shall\s+be)\s+(?:the\s+|a\s+|an\s+)?(?:(?:period|term|amount|price|rate|sum|date)\s+(?:of|equal\s+to)\s+|on\s+|equal\s+to\s+)?"
)
# Words that make a value hold only for a case: then it is no rival of another one.
_CASE = re.compile(
    r"\b(?:if|unless|until|except|provided|thereafter|subsequent|additional|increas\w+|decreas\w+|adjust\w*|reduc\w+|"
    r"minimum|maximum|at\s+least|more\s+than|less\s+than|up\s+to|exceed\w*|each\s+of|respectively|whichever|"
    r"earlier|later|change[ds]?|amend\w*|replac\w+|delet\w+|extend\w*|renew\w*)\b",
    re.IGNORECASE,
)
_LOOK_BACK, _GAP, _DATE_GAP = 200, 70, 4
_GAP_WORDS = re.compile(r"[^;:\n]*")


class Form(Enum):
    """How a value is tied to its name."""

    NAMED = "named in parentheses behind it"
    MEANS = "defined as it"
    LABELLED = "on a line or in a row that begins with the name"


@dataclass(frozen=True, slots=True)
class Statement:
    """`term` has this value, says [start, end) of the plain text. `shown` is the value in words.

    `value` is (kind of unit, amount in its base unit), or a day.
    """

    term: str
    name: str
    form: Form
    value: tuple[str, Decimal] | date
    shown: str
    unit: str
    start: int
    end: int
    part: int

    @property
    def kind(self) -> str:
        """What its value can be compared with."""
        return "day" if isinstance(self.value, date) else self.value[0]


def statements(reading: Reading) -> list[Statement]:
    """All that can be read without doubt, in the order in which they stand."""
    defined = [*_named(reading), *_meaning(reading)]
    found = [*defined, *_labelled(reading, {one.name for one in defined})]
    return sorted(found, key=lambda one: one.start)


def folded(term: str) -> str:
    """Terms are compared without case and spacing."""
    return " ".join(term.casefold().split())


def _named(reading: Reading) -> Iterator[Statement]:
    for match in reading.matches(_NAMED):
        low = reading.sentence(match.start(), match.start() + 1)[0]
        start = max(low, match.start() - _LOOK_BACK)
        value = _only(reading, start, match.start()) or _day_before(reading, start, match.start())
        if value is None or _CASE.search(reading.text, start, match.start()):
            continue
        if _near(reading.text, value, match.start()):
            yield _statement(reading, match["term"], Form.NAMED, value, (value.start, match.end()))


def _day_before(reading: Reading, start: int, end: int) -> DateFound | None:
    """The day that the name follows at once, whatever other days the sentence has."""
    days = reading.dates_in(start, end)
    return days[-1] if days and _usable(days[-1]) and end - days[-1].end <= _DATE_GAP else None


def _near(text: str, value: Measure | DateFound, end: int) -> bool:
    gap = text[value.end : end]
    if isinstance(value, DateFound):
        return len(gap) <= _DATE_GAP
    return len(gap) <= _GAP and _GAP_WORDS.fullmatch(gap) is not None


def _meaning(reading: Reading) -> Iterator[Statement]:
    for match in reading.matches(_MEANS):
        value = _at(reading, match.end())
        if value is not None:
            end = reading.sentence(match.start(), value.end)[1]
            if _only(reading, match.end(), end) == value and not _CASE.search(reading.text, match.end(), end):
                yield _statement(reading, match["term"], Form.MEANS, value, (match.start(), value.end))


def _labelled(reading: Reading, names: set[str]) -> Iterator[Statement]:
    """Rows and lines of the stored text that begin with a known name and go on with its value."""
    if not names:
        return
    stored, known = reading.document.text, "|".join(map(_spaced, sorted(names, key=len, reverse=True)))
    for match in re.finditer(rf"(?:^|(?<=[\n\f]))[ \t]*(?P<name>{known})(?=[ \t:])", stored, re.IGNORECASE):
        start, end = match.span("name")
        if stored[start].isupper() and not _goes_on(stored, start):
            yield from _label_value(reading, match["name"], start, end)


def _spaced(name: str) -> str:
    return r"[ \t]+".join(map(re.escape, name.split()))


def _goes_on(stored: str, start: int) -> bool:
    """Whether the line continues a sentence of the line before."""
    before = stored[max(0, start - 80) : start].rstrip()
    return bool(
        re.search(r"(?:,|\b(?:the|each|such|an?|this|any|of|and|or|in|to|for|by|its|first|initial))$", before)
    )


def _label_value(reading: Reading, name: str, stored_start: int, stored_end: int) -> Iterator[Statement]:
    start = reading.plain(stored_start)
    value = _at(reading, reading.plain(stored_end - 1) + 1)
    if value is None:
        return
    end = reading.text.find("\n", value.end)
    rest = reading.text[value.end : end if end >= 0 else len(reading.text)][:80]
    if not _CASE.search(rest):
        yield _statement(reading, name, Form.LABELLED, value, (start, value.end))


def _at(reading: Reading, place: int) -> Measure | DateFound | None:
    """The value that begins at `place`, but for a few characters."""
    found: list[Measure | DateFound] = [
        *reading.dates_in(place, place + 60),
        *reading.measures_in(place, place + 100),
    ]
    for one in found:
        if not reading.text[place : one.start].strip(" :\t"):
            return one if _usable(one) else None
    return None


def _only(reading: Reading, start: int, end: int) -> Measure | DateFound | None:
    """The one value in [start, end); None where there are none or several."""
    days = reading.dates_in(start, end)
    if days:
        return days[0] if len(days) == 1 and _usable(days[0]) else None
    found = [one for one in reading.measures_in(start, end) if one.unit is not None]
    return found[0] if len(found) == 1 and _usable(found[0]) else None


def _usable(value: Measure | DateFound) -> bool:
    if isinstance(value, DateFound):
        return value.day is not None
    return value.flaw is None and value.unit not in (None, "?") and not value.ordinal


def _statement(
    reading: Reading, term: str, form: Form, value: Measure | DateFound, span: tuple[int, int]
) -> Statement:
    part = reading.structure.part_at(reading.stored(*span)[0])
    name = term.strip(" ,.")
    if isinstance(value, DateFound):
        when = value.day or date.min
        return Statement(folded(name), name, form, when, day(when), "date", *span, part)
    unit = value.unit or ""
    base = in_base_units(value.amount, unit) if unit_named(unit) else (unit, value.amount)
    return Statement(folded(name), name, form, base, measured(value), unit, *span, part)
