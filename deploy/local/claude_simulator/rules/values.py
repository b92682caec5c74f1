"""The kinds of values a rule can look for: each a pattern and the reading of its match as value and unit."""
# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from claude_simulator.rules.numbers import DIGITS, ORDINAL_WORDS, WORDS, from_digits, from_words, plain

Reading = tuple[str, str]  # value, unit
Match = re.Match[str]


@dataclass(frozen=True)
class Kind:
    """A kind of value. `pattern` stands in a rule where the value stands in the text."""

    pattern: str
    read: Callable[[Match], Reading | None]


_COUNT = rf"(?<![\w.-])(?:(?P<words>{WORDS})\s*\(\s*(?P<shown>{DIGITS})\s*\)|(?P<digits>{DIGITS})|(?P<spelled>{WORDS}))"
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_DATE = (
    rf"(?:{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})"
    r"|(?P<us_month>\d{1,2})/(?P<us_day>\d{1,2})/(?P<us_year>\d{4})"
    rf"|(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+day\s+of)?\s+{_MONTH.replace('month', 'month2', 1)},?"
    r"\s+(?P<year2>\d{4}))"
)
_ENERGY_UNITS = {"kwh": "kWh", "kilowatt-hour": "kWh", "mwh": "MWh", "megawatt-hour": "MWh"}
_PER = (
    r"(?P<per>kWh|kilowatt[\s-]hour|MWh|megawatt[\s-]hour"
    r"|kW[\s-]month|kW\s*(?:per|/)\s*month|kilowatt\s+per\s+month|kW[\s-]year|kW\s*(?:per|/)\s*year"
    r"|kilowatt\s+per\s+year|(?:thermal\s+)?cycle)"
)


def number(match: Match) -> Decimal:
    """The number a match holds; digits in parentheses outrank the words before them."""
    groups = match.groupdict()
    shown = groups.get("shown") or groups.get("digits")
    return from_digits(shown) if shown else from_words(groups.get("words") or groups.get("spelled") or "")


def _date(match: Match) -> Reading | None:
    part = match.groupdict()
    try:
        if part["iso"]:
            found = date.fromisoformat(part["iso"])
        elif part["us_year"]:
            found = date(int(part["us_year"]), int(part["us_month"]), int(part["us_day"]))
        else:
            month = _MONTHS.index((part["month"] or part["month2"]).lower()) + 1
            found = date(int(part["year"] or part["year2"]), month, int(part["day"] or part["day2"]))
    except ValueError:
        return None
    return found.isoformat(), "date"


def _duration(match: Match) -> Reading:
    unit = re.sub(r"\s+", " ", match["unit"].lower()).replace("calendar ", "").rstrip("'’").rstrip("s") + "s"
    anchor = match.groupdict().get("anchor")
    if anchor is None:
        return plain(number(match)), f"{unit} after notice"
    relation = "before" if re.match(r"before|prior", match["relation"], re.IGNORECASE) else "after"
    return plain(number(match)), f"{unit} {relation} {_anchor_words(anchor)}"


def _anniversary(match: Match) -> Reading:
    return plain(number(match)), f"years after {_anchor_words(match['anchor'])}"


def _anchor_words(anchor: str) -> str:
    words = re.sub(r"\s+", " ", anchor).strip().lower()
    return re.sub(r"^(?:the\s+)?(?:date\s+of\s+)?(?:the\s+)?", "", words)


def _percent(match: Match) -> Reading:
    return plain(number(match)), "%"


def _money(match: Match) -> Reading:
    scale = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
    factor = scale.get((match.groupdict().get("scale") or "").lower(), 1)
    return plain(number(match) * factor), "USD"


def _rate(match: Match) -> Reading:
    amount = number(match) / 100 if match["cents"] else number(match)
    per = re.sub(r"\s*(?:per|/)\s*|\s+", "-", match["per"].lower()).replace("kilowatt-hour", "kwh")
    per = per.replace("megawatt-hour", "mwh").replace("kilowatt-", "kw-").replace("thermal-", "")
    unit = per.replace("kwh", "kWh").replace("mwh", "MWh").replace("kw-", "kW-")
    return plain(amount), f"USD/{unit}"


def _power(match: Match) -> Reading:
    return plain(number(match)), "MW" if match["unit"].lower().startswith("m") else "kW"


def _energy(match: Match) -> Reading:
    unit = re.sub(r"\s", "-", match["unit"].lower()).rstrip("s")
    return plain(number(match)), _ENERGY_UNITS[unit]


def _volts(match: Match) -> Reading:
    factor = 1_000 if match["unit"].lower().startswith("k") else 1
    return plain(number(match) * factor), "V"


def _with_unit(unit: str) -> Callable[[Match], Reading]:
    return lambda match: (plain(number(match)), unit)


def text(match: Match) -> Reading:
    """The words a match holds, on one line."""
    return " ".join(match["text"].split()), "text"


def _place(match: Match) -> Reading:
    words = re.sub(r"\s+", " ", match["place"]).strip()
    return " ".join(
        word if word.islower() else word.capitalize() for word in words.split(" ")
    ), "jurisdiction"


_NAME_WORD = r"(?:(?:[A-Z]\.)+|[A-Z0-9&][\w&'’/-]*)"
_SUFFIX = (
    r"(?:LLC|L\.L\.C\.|LLP|Inc\.?|INC\.?|Incorporated|Corporation|CORPORATION|Corp\.?|Company|COMPANY|Co\."
    r"|L\.P\.|LP|Ltd\.?|Limited|LIMITED|plc|N\.A\.|GmbH|University|UNIVERSITY|Authority|District|Trust)"
)
_STREET = (
    r"(?:Street|St\.|Road|Rd\.|Drive|Dr\.|Avenue|Ave\.|Boulevard|Blvd\.|Way|Lane|Parkway|Court|Place|Highway)"
)
_PLACE_NAMES = (
    "alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho "
    "illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi "
    "missouri montana nebraska nevada new-hampshire new-jersey new-mexico new-york north-carolina north-dakota "
    "ohio oklahoma oregon pennsylvania rhode-island south-carolina south-dakota tennessee texas utah vermont "
    "virginia washington west-virginia wisconsin wyoming england korea japan ontario district-of-columbia"
)
_PLACES = _PLACE_NAMES.split()

KINDS: dict[str, Kind] = {
    "date": Kind(_DATE, _date),
    "duration": Kind(
        rf"{_COUNT}[\s-]+(?P<unit>(?:calendar\s+|business\s+)?(?:days?|months?|years?))['’]?", _duration
    ),
    "anniversary": Kind(
        rf"(?P<words>{ORDINAL_WORDS})?\s*\(?(?P<shown>\d+)?(?:st|nd|rd|th)?\)?\s+anniversary", _anniversary
    ),
    "years": Kind(rf"{_COUNT}[\s-]+years?\b", _with_unit("years")),
    "percent": Kind(
        rf"(?:(?P<words>{WORDS})\s+per\s?cent\s*\(\s*(?P<shown>{DIGITS})\s*%\s*\)"
        rf"|(?P<digits>{DIGITS})\s*(?:%|per\s?cent)|(?P<spelled>{WORDS})\s+per\s?cent)",
        _percent,
    ),
    "money": Kind(
        rf"(?:(?P<words>{WORDS})\s+(?:U\.?S\.?\s+)?dollars\s*\(\s*(?:US)?\s?\$\s*(?P<shown>{DIGITS})\s*\)"
        rf"|(?:US|USD)?\s?\$\s*(?P<digits>{DIGITS})(?:\s+(?P<scale>thousand|million|billion)\b)?"
        rf"|(?P<spelled>{WORDS})\s+(?:U\.?S\.?\s+)?dollars)",
        _money,
    ),
    "rate": Kind(
        rf"(?:(?:US)?\s?\$\s*(?P<shown>{DIGITS})|(?P<digits>{DIGITS})\s*(?P<cents>cents|¢))"
        rf"\s*(?:/|per|for\s+each|for\s+every)\s*{_PER}\b",
        _rate,
    ),
    "power": Kind(rf"(?P<digits>{DIGITS})\s*(?P<unit>kW|MW|kilowatts?|megawatts?)(?![\w-])", _power),
    "energy": Kind(
        rf"(?P<digits>{DIGITS})\s*(?P<unit>kWh|MWh|kilowatt[\s-]hours?|megawatt[\s-]hours?)\b", _energy
    ),
    "volts": Kind(rf"(?P<digits>{DIGITS})\s*(?P<unit>kV|V|volts?|kilovolts?)\b", _volts),
    "integer": Kind(_COUNT, _with_unit("count")),
    "heat": Kind(
        rf"(?P<digits>{DIGITS})\s*BTUs?\s*(?:\([^)]*\)\s*)?(?:/|per)\s*(?:kWh|kilowatt[\s-]hour)",
        _with_unit("BTU/kWh"),
    ),
    "name": Kind(
        rf"(?-i:(?P<text>(?=[A-Z]){_NAME_WORD}(?:,?\s+(?:{_NAME_WORD}|of|and|&)){{0,7}}?,?\s+{_SUFFIX})(?![\w]))",
        text,
    ),
    "address": Kind(
        rf"(?-i:(?P<text>\d{{1,6}}\s+(?:[A-Z0-9][\w.'’-]*\s+){{1,5}}?{_STREET}(?:[^.;()\n]|\.\w|\n(?!\s*\n))"
        r"{0,60}?,\s+(?:[A-Z]{2}|[A-Z][a-z]+(?:\s[A-Z][a-z]+)?)(?:\s+\d{5}(?:-\d{4})?)))",
        text,
    ),
    "place": Kind("(?P<place>" + "|".join(place.replace("-", r"\s+") for place in _PLACES) + ")", _place),
}
