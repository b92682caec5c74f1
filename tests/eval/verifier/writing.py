"""Values as contracts write them: in words, in figures, in both."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from random import Random

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**6, "million"), (1000, "thousand"), (100, "hundred"))
_MONTHS: Mapping[int, str] = dict(
    enumerate(
        [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        start=1,
    )
)


def spelled(number: int) -> str:
    """A whole number below 10⁹ in words."""
    for scale, name in _SCALES:
        if number >= scale:
            rest = f" {spelled(number % scale)}" if number % scale else ""
            return f"{spelled(number // scale)} {name}{rest}"
    if number < 20:
        return _SMALL[number]
    return _TENS[number // 10] + (f"-{_SMALL[number % 10]}" if number % 10 else "")


def written(kind: str, value: str, unit: str, random: Random) -> str:
    """The value in one of the styles of its kind."""
    return random.choice(styles(kind, value, unit))


def styles(kind: str, value: str, unit: str) -> list[str]:
    """All of them; the first is in figures only."""
    if kind == "DATE":
        return _dates(date.fromisoformat(value))
    number = Decimal(value)
    figures = f"{number:,f}"
    whole = number == int(number) and 0 < number < 10**9
    if kind == "MONEY":
        worded = [f"{spelled(int(number)).title()} Dollars (${figures})"] if whole else []
        return [f"${figures}", f"US${figures}", f"USD {figures}", *worded]
    if kind == "PERCENT":
        worded = (
            [f"{spelled(int(number))} percent ({figures}%)", f"{spelled(int(number))} percent"]
            if whole
            else []
        )
        return [f"{figures}%", f"{figures} percent", f"{figures} %", *worded]
    worded = [
        f"{spelled(int(number))} ({figures}) {unit}",
        f"{spelled(int(number)).title()} ({figures}) {unit}",
    ]
    return [f"{figures} {unit}", *(worded if whole and kind == "PERIOD" else [])]


def disagreeing(kind: str, words: str, figures: str, unit: str) -> str | None:
    """A value written twice, differently; None for a kind that is not."""
    if kind == "DATE":
        return None
    number = Decimal(words)
    if number != int(number) or not 0 < number < 10**9:
        return None
    said, shown = spelled(int(number)), f"{Decimal(figures):,f}"
    return {
        "MONEY": f"{said.title()} Dollars (${shown})",
        "PERCENT": f"{said} percent ({shown}%)",
        "PERIOD": f"{said} ({shown}) {unit}",
    }.get(kind)


def _dates(day: date) -> list[str]:
    month = _MONTHS[day.month]
    return [
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month} {day.year}",
        f"the {_ordinal(day.day)} day of {month}, {day.year}",
        day.isoformat(),
    ]


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
