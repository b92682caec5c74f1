"""How values are written in the sentences that tell of a contradiction."""

from datetime import date
from decimal import Decimal

from contracts_service.evidence.measures import Measure

_MONEY = {"USD": "$", "EUR": "€", "GBP": "£"}


def number(amount: Decimal) -> str:
    """ "1,950" or "0.1195": no exponent, no needless zeros."""
    sign = "-" if amount < 0 else ""
    whole, point, decimals = f"{abs(amount).normalize():f}".partition(".")
    return f"{sign}{int(whole):,}{point}{decimals}"


def amount(value: Decimal, unit: str | None) -> str:
    """ "1,950 kW", "$0.1195 per kWh", "90 %"."""
    if not unit:
        return number(value)
    if unit == "%":
        return f"{number(value)} %"
    currency, _, per = unit.partition("/")
    if currency in _MONEY:
        # Money keeps its cents.
        shown = f"{value:,.2f}" if not per and value == value.quantize(Decimal("0.01")) else number(value)
        return f"{_MONEY[currency]}{shown}" + (f" per {per}" if per else "")
    return f"{number(value)} {unit}"


def measured(measure: Measure) -> str:
    """The amount and its unit."""
    return amount(measure.amount, measure.unit)


def day(when: date) -> str:
    """ "March 3, 2025"."""
    return f"{when:%B} {when.day}, {when.year}"
