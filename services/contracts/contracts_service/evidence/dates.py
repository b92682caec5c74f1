"""Calendar dates as American contracts write them, each with its place in the text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from contracts_service.evidence.numbers import numbers
from contracts_service.evidence.reasons import Reason

_MONTH_NAMES = """
january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sept sep|october oct
|november nov|december dec
"""
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_NAMES.split("|"), start=1) for name in names.split()
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|d)?"
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_EDGE, _END = r"(?<![\w/.-])", r"(?![\w/]|-\d|\.\d)"
_WORDED_DAY = r"(?P<words>[a-z]+(?:-[a-z]+)?)\s*(?:\((?P<figure>[0-9]{1,2})(?:st|nd|rd|th)?\)\s*)?"


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date at [start, end) of a text; `day` is None where `flaw` says why it cannot be told."""

    start: int
    end: int
    day: date | None
    flaw: Reason | None = None


def dates(text: str) -> list[DateFound]:
    """Every full date of `text` in the order in which they stand."""
    found = [one for pattern, read in _FORMS for one in _read_with(pattern, read, text)]
    return sorted(found, key=lambda one: one.start)


def _read_with(
    pattern: re.Pattern[str], read: Callable[[re.Match[str]], DateFound | None], text: str
) -> Iterator[DateFound]:
    for match in pattern.finditer(text):
        one = read(match)
        if one is not None:
            yield one


def _found(match: re.Match[str], year: int, month: int, day: int) -> DateFound:
    try:
        return DateFound(match.start(), match.end(), date(year, month, day))
    except ValueError:
        return DateFound(match.start(), match.end(), None, Reason.DATE_IMPOSSIBLE)


def _named_month(match: re.Match[str]) -> DateFound:
    return _found(match, int(match["year"]), _MONTHS[match["month"].lower()], int(match["day"]))


def _iso(match: re.Match[str]) -> DateFound:
    return _found(match, int(match["year"]), int(match["month"]), int(match["day"]))


def _slashed(match: re.Match[str]) -> DateFound:
    """Month first, unless that is impossible; where both readings are possible the date is ambiguous."""
    first, second = int(match["first"]), int(match["second"])
    if len(match["year"]) != 4 or (first <= 12 and second <= 12 and first != second):
        return DateFound(match.start(), match.end(), None, Reason.DATE_AMBIGUOUS)
    month, day = (first, second) if first <= 12 else (second, first)
    return _found(match, int(match["year"]), month, day)


def _day_of_month(match: re.Match[str]) -> DateFound | None:
    """ "the 13th day of April, 2012", the day in figures, in words, or in both."""
    if match["day"]:
        return _named_month(match)
    in_words = numbers(match["words"])
    if len(in_words) != 1 or not in_words[0].ordinal:
        return None
    day = int(in_words[0].value)
    if match["figure"] and int(match["figure"]) != day:
        return DateFound(match.start(), match.end(), None, Reason.WORDS_AND_FIGURES_DISAGREE)
    return _found(match, int(match["year"]), _MONTHS[match["month"].lower()], day)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], DateFound | None]], ...] = (
    (_compile(rf"{_EDGE}{_MONTH}\s*{_DAY}\s*,?\s+{_YEAR}{_END}"), _named_month),
    (_compile(rf"{_EDGE}{_DAY}[\s-]+{_MONTH}[\s,-]+{_YEAR}{_END}"), _named_month),
    (_compile(rf"{_EDGE}{_DAY}\s+of\s+{_MONTH}\s*,?\s+{_YEAR}{_END}"), _named_month),
    (_compile(rf"{_EDGE}{_YEAR}/(?P<month>[0-9]{{2}})/(?P<day>[0-9]{{2}}){_END}"), _iso),
    (_compile(rf"{_EDGE}{_YEAR}-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}}){_END}"), _iso),
    (_compile(rf"{_EDGE}(?P<first>[0-9]{{1,2}})(?P<by>[/.-])(?P<second>[0-9]{{1,2}})(?P=by)"
              rf"(?P<year>[0-9]{{4}}|[0-9]{{2}}){_END}"), _slashed),
    (_compile(rf"{_EDGE}(?:{_DAY}|{_WORDED_DAY})\s*day\s+of\s+{_MONTH}\s*,?\s+{_YEAR}{_END}"), _day_of_month),
)  # fmt: skip
