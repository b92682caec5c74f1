"""Whether a computed figure agrees with a printed one, as far as the printed one was rounded."""

import re
from decimal import Decimal

_FIGURE = re.compile(r"\d[\d,]*(?:\.(?P<decimals>\d+))?")


def step(printed: str) -> Decimal:
    """The last place of a printed figure: 0.01 for "$1,020.00", 1 for "7,365"."""
    match = _FIGURE.search(printed)
    decimals = match["decimals"] if match and match["decimals"] else ""
    return Decimal(1).scaleb(-len(decimals))


def agrees(printed: str, computed: Decimal, read: Decimal) -> bool:
    """Less than one step of the last place apart: rounded, or cut off."""
    return abs(computed - read) < step(printed)
