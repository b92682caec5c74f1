"""Dates relative to an event: an offset, a direction, and the words that name the event."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contracts_service.evidence.measures import Measure, measures
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.values import RelativeDate

_OFFSET_UNITS = ("days", "weeks", "business days", "months", "years")
_DIRECTION = re.compile(
    r"(?:\s+periods?)?\s+(?:(?P<after>(?:immediately\s+)?(?:after|following|of|from\s+and\s+after|from|since|upon"
    r"|subsequent\s+to))"
    r"|(?P<before>(?:immediately\s+)?(?:prior\s+to|before|preceding|in\s+advance\s+of)))\s+",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"'?\s+(?:of\s+)?(?:(?:prior|advance|written|irrevocable)\s+){0,3}notice\b", re.IGNORECASE
)
_ANNIVERSARY = re.compile(r"\s+anniversary\s+of\s+", re.IGNORECASE)
_ANCHOR = re.compile(r"[^.;:,()\n]{1,160}")


@dataclass(frozen=True, slots=True)
class RelativeFound:
    """A relative date at [start, end) of a text; its anchor begins at `anchor_start`.

    A notice period ("upon 90 days' prior notice") names no anchor of its own: `notice` is set.
    """

    start: int
    end: int
    anchor_start: int
    value: RelativeDate
    notice: bool = False
    flaw: Reason | None = None


def relative_dates(text: str) -> list[RelativeFound]:
    """Every relative date of `text` in the order in which they stand."""
    return [found for measure in measures(text) for found in _read(text, measure)]


def _read(text: str, measure: Measure) -> Iterator[RelativeFound]:
    anniversary = _ANNIVERSARY.match(text, measure.end) if measure.ordinal and measure.unit is None else None
    if anniversary:
        yield _anchored(text, measure, "years", "after", anniversary.end())
    if measure.unit not in _OFFSET_UNITS:
        return
    notice = _NOTICE.match(text, measure.end)
    direction = _DIRECTION.match(text, measure.end)
    if notice:
        yield _notice(text, measure, notice)
    elif direction and not (measure.ordinal and direction["after"] and direction["after"].lower() == "of"):
        # "the 15th day of each month" is a day of the calendar, not an offset.
        yield _anchored(
            text, measure, measure.unit, "after" if direction["after"] else "before", direction.end()
        )


def _anchored(text: str, measure: Measure, unit: str, direction: str, anchor_start: int) -> RelativeFound:
    match = _ANCHOR.match(text, anchor_start)
    end = match.end() if match else anchor_start
    anchor = text[anchor_start:end].strip()
    return RelativeFound(
        measure.start, end, anchor_start, _value(measure, unit, direction, anchor), flaw=measure.flaw
    )


def _notice(text: str, measure: Measure, notice: re.Match[str]) -> RelativeFound:
    value = _value(measure, measure.unit or "days", "before", notice[0].strip(" '"))
    return RelativeFound(measure.start, notice.end(), notice.start(), value, notice=True, flaw=measure.flaw)


def _value(measure: Measure, unit: str, direction: str, anchor: str) -> RelativeDate:
    weeks = unit == "weeks"
    return RelativeDate(
        measure.amount * 7 if weeks else measure.amount, "days" if weeks else unit, direction, anchor
    )
