"""How contracts spell the units that follow a number."""

import re

_HOUR = r"(?:h|hrs?|hours?)"
_KWH = rf"(?:kw-?{_HOUR}|kilowatt[-\s]?hours?)"
_MWH = rf"(?:mw-?{_HOUR}|megawatt[-\s]?hours?)"
_PER = r"\s*(?:/|per\s+)\s*"
_FULL = r"(?:(?:calendar|consecutive|full|additional)\s+)*"
# Longest first: the first that matches wins.
_SPELLINGS = (
    ("BTU/kWh", rf"(?:btus?|british\s+thermal\s+units?){_PER}{_KWH}"),
    ("MMBtu/MWh", rf"mm\s?btus?{_PER}{_MWH}"),
    ("kJ/kWh", rf"kj{_PER}{_KWH}"),
    ("MMBtu", r"mm\s?btus?|dth|de[ck]a-?therms?"),
    ("BTU", r"btus?|british\s+thermal\s+units?"),
    ("therm", r"therms?"),
    ("GJ", r"gj|gigajoules?"),
    ("MJ", r"mj|megajoules?"),
    ("kJ", r"kj|kilojoules?"),
    ("GWh", rf"gw-?{_HOUR}s?|gigawatt[-\s]?hours?"),
    ("MWh", rf"mw-?{_HOUR}s?|megawatt[-\s]?hours?"),
    ("kWh", rf"kw-?{_HOUR}s?|kilowatt[-\s]?hours?"),
    ("GW", r"gw|gigawatts?"),
    ("MW", r"mw(?:ac|e)?|megawatts?"),
    ("kW", r"kw(?:ac|e|s)?|kilowatts?"),
    ("W", r"watts?"),
    ("MVA", r"mva"),
    ("kVA", r"kva"),
    ("kV", r"kv|kilovolts?"),
    ("V", r"v(?:ac)?|volts?"),
    # What peak power is in alternating current, the document would have to say.
    ("?", r"[km]w(?:p|dc)|percentage\s+points?"),
    ("business days", r"(?:business|working|banking)\s+days?"),
    ("days", rf"{_FULL}days?"),
    ("weeks", rf"{_FULL}weeks?"),
    ("months", rf"{_FULL}months?"),
    ("years", r"(?:(?:calendar|consecutive|full|additional|contract)\s+)*years?"),
    ("hours", r"(?:consecutive\s+)?hours?"),
    ("USD", r"(?:u\.?s\.?\s+)?dollars?|usd"),
    ("EUR", r"euros?|eur"),
    ("GBP", r"pounds?\s+sterling|gbp"),
    ("KRW", r"(?:korean\s+)?won|krw"),
    ("JPY", r"(?:japanese\s+)?yen|jpy"),
    ("cents", r"cents?"),
    ("mills", r"mills?"),
    ("basis points", r"basis\s+points?|bps?"),
)
# "25 kW-month" is no power and "8,760 hours per year" no duration: what follows makes another unit of it.
_COMPOUND = (
    r"(?!\s*/\s*[a-z]|\s?-\s?(?:months?|years?|hours?)\b"
    r"|\s+per\s+(?:(?:contract|calendar)\s+)?(?:month|year|annum|hour|day|week|kw|mw|watt)\w*\b)"
)
_NAMED = "|".join(f"(?P<u{i}>{spelling})" for i, (_, spelling) in enumerate(_SPELLINGS))
_SUFFIX = re.compile(
    rf"[-\s]?(?:(?P<percent>\s?%|\s?(?:per\s?cent(?:um)?|pct)\b(?!age))|(?P<sign>\s?¢)|(?:{_NAMED})\b(?P<whole>{_COMPOUND})?)",
    re.IGNORECASE,
)
#: What may be had per something else and is then a rate.
_MONEY = frozenset({"USD", "EUR", "GBP", "KRW", "JPY", "cents", "mills"})


def unit_after(text: str, position: int) -> tuple[str | None, int]:
    """The unit written right after a number, and where it ends; (None, position) where there is none.

    A unit that goes on into another ("kW-month"), or that is not known, is read as the unit "?".
    """
    match = _SUFFIX.match(text, position)
    if match is None:
        return None, position
    if match["percent"]:
        return "%", match.end()
    if match["sign"]:
        return "cents", match.end()
    name = next(_SPELLINGS[i][0] for i in range(len(_SPELLINGS)) if match[f"u{i}"] is not None)
    if match["whole"] is None and name not in _MONEY:
        return "?", match.end()
    return name, match.end()
