"""Days that cannot be: a 31 April, a Monday that was a Tuesday."""

import re
from collections.abc import Iterator

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.wording import day
from contracts_service.evidence.dates import DateFound
from contracts_service.evidence.reasons import Reason

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = "|".join(_WEEKDAYS)
_WEEKDAY = re.compile(rf"\b(?P<name>{_NAMES})\s*(?:,|the)?\s*(?:the\s+)?$", re.IGNORECASE)
# Day 0 and day 45 are blanks, form numbers or bad scans; 29 to 31 is a slip of whoever wrote the date.
_PAST_MONTH_END = re.compile(r"[A-Za-z].*?(?<![\d])(?:29|30|31)(?!\d)|(?<!\d)(?:29|30|31)(?!\d).*[A-Za-z]")
_NEAR = 24


def find(reading: Reading) -> Iterator[Contradiction]:
    """One for each such date."""
    for one in reading.dates:
        words = reading.text[one.start : one.end]
        if one.flaw is Reason.DATE_IMPOSSIBLE and _PAST_MONTH_END.search(words):
            yield _impossible(reading, one, words)
        elif one.day is not None:
            yield from _weekday(reading, one)


def _impossible(reading: Reading, one: DateFound, words: str) -> Contradiction:
    return Contradiction(
        Kind.DATE,
        Severity.MEDIUM,
        f"{' '.join(words.split())} is no day of the calendar: that month is shorter.",
        (reading.passage(one.start, one.end, words), reading.exactly(one.start, one.end, words)),
    )


def _weekday(reading: Reading, one: DateFound) -> Iterator[Contradiction]:
    before = max(0, one.start - _NEAR)
    match = _WEEKDAY.search(reading.text[before : one.start])
    if match is None or one.day is None:
        return
    named, real = match["name"].capitalize(), _WEEKDAYS[one.day.weekday()]
    if named != real:
        start = before + match.start()
        yield Contradiction(
            Kind.DATE,
            Severity.MEDIUM,
            f"{day(one.day)} is called a {named}; it is a {real}.",
            (
                reading.passage(start, one.end, named),
                reading.exactly(one.start, one.end, f"{one.day.isoformat()}, a {real}"),
            ),
            f"the weekday of {one.day.isoformat()} in the Gregorian calendar",
        )
