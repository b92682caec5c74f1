"""`--since` and `--until`: a date, a time, or how long ago. Days are of UTC."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, date, datetime, time, timedelta

FORMS = "30d, 4w, 12h, 2026-11-01, or 2026-11-01T08:00:00Z"
_AGO = re.compile(r"(?P<number>[1-9]\d{0,4})(?P<unit>[hdw])")
_DAY = timedelta(days=1)


def since(text: str) -> datetime:
    """`7d` is this day and the six before it; `12h` is twelve hours ago; a date is its midnight."""
    now = datetime.now(UTC)
    ago = _AGO.fullmatch(text)
    if ago is None:
        return _given(text, ends=False)
    number = int(ago["number"])
    if ago["unit"] == "h":
        return now - timedelta(hours=number)
    days = number * 7 if ago["unit"] == "w" else number
    return _midnight(now.date()) - (days - 1) * _DAY


def until(text: str) -> datetime:
    """`7d` is seven days ago; a date is the end of that day."""
    ago = _AGO.fullmatch(text)
    if ago is None:
        return _given(text, ends=True)
    return (
        datetime.now(UTC)
        - int(ago["number"]) * {"h": timedelta(hours=1), "d": _DAY, "w": 7 * _DAY}[ago["unit"]]
    )


def days(start: datetime, end: datetime) -> list[date]:
    """Each day (UTC) of which [start, end) has a part."""
    first, last = start.astimezone(UTC).date(), (end - timedelta(microseconds=1)).astimezone(UTC).date()
    return [first + number * _DAY for number in range((last - first).days + 1)]


def _given(text: str, *, ends: bool) -> datetime:
    try:
        if len(text) == len("2026-11-01"):
            return _midnight(date.fromisoformat(text)) + (_DAY if ends else timedelta())
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ArgumentTypeError(f"{text!r} is no time; write {FORMS}") from None
    if moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} has no time zone; add Z for UTC")
    return moment.astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
