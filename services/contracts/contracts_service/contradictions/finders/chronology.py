"""Dates against the rules of dates: what must come first, and when a term that began must end."""

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations, pairwise

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.statements import statements
from contracts_service.contradictions.wording import day
from contracts_service.evidence.dates import DateFound
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.model import Status
from contracts_service.evidence.values import DateValue

#: Earlier to later. A date of signing may well come after the day from which a contract is to hold.
_ORDER = (
    ("order date",),
    ("effective date", "commencement date", "start date"),
    ("scheduled commercial operation date", "scheduled cod", "target commercial operation date"),
    ("guaranteed commercial operation date", "guaranteed cod", "outside commercial operation date"),
    ("expiration date", "expiry date", "termination date", "end date"),
)
_FIELDS = ("order_date", "effective_date", "scheduled_cod", "guaranteed_cod", "expiration_date")
_BEGINS = re.compile(
    r"\b(?:commenc\w+|begin\w*|start\w*|effective)\s+(?:on|as\s+of|from)?\s*(?:the\s+)?$", re.IGNORECASE
)
_ENDS = re.compile(
    r"\b(?:expir\w+|end\w*|terminat\w+|until|through|to)\s+(?:(?:at\s+)?(?:midnight|[\d:]+\s*[ap]\.?m\.?)\s*,?\s*)?"
    r"(?:on|as\s+of|and\s+including)?\s*(?:the\s+)?$",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\b(?:from|beginning|commencing|between)\s+(?:on\s+)?(?:and\s+(?:including|after)\s+)?$", re.IGNORECASE
)
_THROUGH = re.compile(
    r"\s*,?\s*(?:through|until|to|and\s+ending(?:\s+on)?|and)\s+(?:(?:and|but)\s+(?:including|excluding)\s+)?",
    re.IGNORECASE,
)
_NAME_BETWEEN = re.compile(r"\s*\((?:the\s+)?\"[^\"]{2,40}\"\)")
_TERM = re.compile(r"\b(?:term|period)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:renew\w*|exten\w+|additional|option\w*|notice|unless\s+and|subsequent|successive|last|first|final)\b",
    re.IGNORECASE,
)
_NEAR = 40
_DURATIONS = ("days", "months", "years")


def find(reading: Reading) -> Iterator[Contradiction]:
    """Named days in the wrong order, and ends that are not beginning plus term."""
    if not reading.structure.amends:
        yield from _out_of_order(reading)
    yield from _backwards(reading)
    yield from _ends(reading)


@dataclass(frozen=True, slots=True)
class _Day:
    """A named day with the sentence that says it, and its very words."""

    name: str
    when: date
    sentence: Passage
    words: Passage


def _out_of_order(reading: Reading) -> Iterator[Contradiction]:
    days = _proven(reading) or _stated(reading)
    for first, last in combinations((days[place] for place in sorted(days)), 2):
        if first.when > last.when:
            same = first.sentence.evidence == last.sentence.evidence
            yield Contradiction(
                Kind.DATE,
                Severity.HIGH,
                f"The {first.name} ({day(first.when)}) is later than the {last.name} ({day(last.when)}).",
                (first.sentence, last.words if same else last.sentence),
                f"{first.when.isoformat()} > {last.when.isoformat()}",
            )


def _stated(reading: Reading) -> dict[int, _Day]:
    """The first statement of each named day of the body, by its place in the order."""
    days: dict[int, _Day] = {}
    for one in statements(reading):
        place = next((i for i, names in enumerate(_ORDER) if one.term in names), None)
        if place is not None and isinstance(one.value, date) and one.part == 0:
            span = (one.start, one.end, one.shown)
            days.setdefault(place, _Day(one.name, one.value, reading.passage(*span), reading.exactly(*span)))
    return days


def _proven(reading: Reading) -> dict[int, _Day]:
    """The verified days, where two or more are given."""
    by_field = {one.field: one for one in reading.values if one.status is Status.VERIFIED}
    days = {}
    for place, field in enumerate(_FIELDS):
        found = by_field.get(field)
        if found is not None and isinstance(found.value, DateValue) and found.evidence:
            when = found.value.day
            name = field.replace("_", " ").replace("cod", "commercial operation date")
            quoted = Passage(found.evidence[0], day(when), reading.document.document_id)
            days[place] = _Day(name, when, quoted, quoted)
    return days if len(days) > 1 else {}


def _backwards(reading: Reading) -> Iterator[Contradiction]:
    """ "from and including January 1, 1999 through and including March 31, 1994"."""
    for first, last in pairwise(reading.dates):
        if first.day is None or last.day is None or last.day >= first.day:
            continue
        between = reading.text[first.end : last.start]
        if _FROM.search(reading.text, max(0, first.start - _NEAR), first.start) and _THROUGH.fullmatch(
            between
        ):
            yield Contradiction(
                Kind.DATE,
                Severity.HIGH,
                f"A period from {day(first.day)} cannot end on {day(last.day)}, before it begins.",
                (
                    reading.passage(first.start, last.end, day(first.day)),
                    reading.exactly(last.start, last.end, day(last.day)),
                ),
                f"{first.day.isoformat()} > {last.day.isoformat()}",
            )


def _ends(reading: Reading) -> Iterator[Contradiction]:
    """ "commencing on D for N years and ending on E": each of the three in one sentence."""
    seen = set()
    for one in reading.dates:
        span = reading.sentence(one.start, one.end)
        if span in seen:
            continue
        seen.add(span)
        yield from _in_sentence(reading, span)


def _in_sentence(reading: Reading, span: tuple[int, int]) -> Iterator[Contradiction]:
    text = reading.text
    days = [one for one in reading.dates_in(*span) if one.day is not None]
    lengths = [
        one
        for one in reading.measures_in(*span)
        if one.unit in _DURATIONS and not one.flaw and not one.ordinal and not _within(one, days)
    ]
    if len(days) != 2 or len(lengths) != 1 or _OPEN.search(text, *span) or not _TERM.search(text, *span):
        return
    first, last = days
    if _BEGINS.search(text, span[0], first.start) and _ENDS.search(_unnamed(text[span[0] : last.start])):
        yield from _check(reading, first, lengths[0], last)


def _unnamed(words: str) -> str:
    return _NAME_BETWEEN.sub("", words)


def _within(measure: Measure, days: Sequence[DateFound]) -> bool:
    return any(one.start <= measure.start < one.end for one in days)


def _check(reading: Reading, first: DateFound, length: Measure, last: DateFound) -> Iterator[Contradiction]:
    if first.day is None or last.day is None:
        return
    expected = after(first.day, length.amount, length.unit or "")
    if expected is None or ends_then(last.day, expected):
        return
    words = f"{length.amount.normalize():f} {length.unit}"
    yield Contradiction(
        Kind.DATE,
        Severity.HIGH,
        f"{words} from {day(first.day)} end on {day(expected)}, not on {day(last.day)}.",
        (
            reading.passage(first.start, last.end, words),
            reading.exactly(last.start, last.end, day(last.day)),
        ),
        f"{first.day.isoformat()} + {words} = {expected.isoformat()}",
    )


def ends_then(stated: date, expected: date) -> bool:
    """The day before the anniversary, the anniversary, the day after; or the end of its month."""
    month_end = expected.replace(day=monthrange(expected.year, expected.month)[1])
    return abs((stated - expected).days) <= 1 or stated == month_end


def after(start: date, amount: Decimal, unit: str) -> date | None:
    """`start` plus days, months or years; None where that is no day that a calendar has."""
    if amount != amount.to_integral_value() or not 0 < amount < 100_000:
        return None
    if unit == "days":
        return start + timedelta(days=int(amount))
    months = start.year * 12 + start.month - 1 + int(amount) * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
