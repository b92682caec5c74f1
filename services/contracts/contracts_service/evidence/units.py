"""Units: which can be converted into which, and how contracts spell them."""

import re
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's kind and how many of that kind's base unit it is."""

    kind: str
    factor: Decimal = Decimal(1)


#: Days, business days, months and years are kinds of their own: none converts into another.
UNITS = {
    "W": Unit("power", Decimal("0.001")),
    "kW": Unit("power"),
    "MW": Unit("power", Decimal(1000)),
    "GW": Unit("power", Decimal(1_000_000)),
    "kWh": Unit("energy"),
    "MWh": Unit("energy", Decimal(1000)),
    "GWh": Unit("energy", Decimal(1_000_000)),
    "BTU/kWh": Unit("heat rate"),
    "BTU": Unit("heat"),
    "MMBtu": Unit("heat", Decimal(1_000_000)),
    "V": Unit("voltage"),
    "kV": Unit("voltage", Decimal(1000)),
    "hours": Unit("hours"),
    "days": Unit("days"),
    "weeks": Unit("days", Decimal(7)),
    "business days": Unit("business days"),
    "months": Unit("months"),
    "years": Unit("years"),
    "%": Unit("percent"),
    "USD/kWh": Unit("energy price"),
    "USD/MWh": Unit("energy price", Decimal("0.001")),
    "USD/kW-month": Unit("capacity price by month"),
    "USD/kW-year": Unit("capacity price by year"),
    "USD/cycle": Unit("price of a cycle"),
}

_HOUR = r"(?:h|hrs?|hours?)"
# Longest first: the first that matches wins.
_SPELLINGS = (
    ("BTU/kWh", rf"btus?\s*(?:/|per\s+)\s*(?:kw-?{_HOUR}|kilowatt[-\s]?hours?)"),
    ("MMBtu", r"mm\s?btus?"),
    ("BTU", r"btus?|british\s+thermal\s+units?"),
    ("GWh", rf"gw-?{_HOUR}s?|gigawatt[-\s]?hours?"),
    ("MWh", rf"mw-?{_HOUR}s?|megawatt[-\s]?hours?"),
    ("kWh", rf"kw-?{_HOUR}s?|kilowatt[-\s]?hours?"),
    ("GW", r"gw|gigawatts?"),
    ("MW", r"mw|megawatts?"),
    ("kW", r"kws?|kilowatts?"),
    ("W", r"watts?"),
    ("kV", r"kv|kilovolts?"),
    ("V", r"v(?:ac)?|volts?"),
    ("business days", r"(?:business|working|banking)\s+days?"),
    ("days", r"(?:(?:calendar|consecutive|full|additional)\s+)*days?"),
    ("weeks", r"(?:(?:calendar|consecutive|full|additional)\s+)*weeks?"),
    ("months", r"(?:(?:calendar|consecutive|full|additional)\s+)*months?"),
    ("years", r"(?:(?:calendar|consecutive|full|additional|contract)\s+)*years?"),
    ("hours", r"(?:consecutive\s+)?hours?"),
    ("USD", r"(?:u\.?s\.?\s+)?dollars?|usd"),
    ("cents", r"cents?"),
)
# "25 kW-month" is no power and "8,760 hours per year" no duration: what follows makes another unit of it.
_COMPOUND = (
    r"(?!\s*/\s*[a-z]|\s?-\s?(?:months?|years?|hours?)\b"
    r"|\s+per\s+(?:month|year|annum|hour|day|week|kw|mw)\w*\b)"
)
_NAMED = "|".join(f"(?P<u{i}>{spelling})" for i, (_, spelling) in enumerate(_SPELLINGS))
_SUFFIX = re.compile(
    rf"[-\s]?(?:(?P<percent>\s?%|\s?per\s?cent(?:um)?\b(?!age))|(?P<sign>\s?¢)|(?:{_NAMED})\b(?P<whole>{_COMPOUND})?)",
    re.IGNORECASE,
)
_MONEY_UNITS = ("USD", "cents")


def in_base_units(amount: Decimal, unit: str) -> tuple[str, Decimal]:
    """The kind of `unit` and `amount` in that kind's base unit. Raises KeyError for an unknown unit."""
    known = UNITS[unit]
    return known.kind, amount * known.factor


def unit_after(text: str, position: int) -> tuple[str | None, int]:
    """The unit written right after a number, and where it ends; (None, position) where there is none.

    A unit that goes on into another ("kW-month") is read as the unknown unit "?".
    """
    match = _SUFFIX.match(text, position)
    if match is None:
        return None, position
    if match["percent"]:
        return "%", match.end()
    if match["sign"]:
        return "cents", match.end()
    name = next(_SPELLINGS[i][0] for i in range(len(_SPELLINGS)) if match[f"u{i}"] is not None)
    if match["whole"] is None and name not in _MONEY_UNITS:
        return "?", match.end()
    return name, match.end()
