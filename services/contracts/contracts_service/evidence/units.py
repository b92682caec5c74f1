"""Units as dimensions with exact factors: which can be converted into which, and nothing into money."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

#: ISO 4217 codes; each is a dimension of its own, for no contract says what a rate of exchange will be.
CURRENCIES = frozenset({"USD", "EUR", "GBP", "KRW", "JPY", "CNY", "CAD", "AUD", "CHF", "INR"})


@dataclass(frozen=True, slots=True)
class Dimension:
    """Powers of base dimensions, in alphabetical order: a heat rate is heat¹ energy⁻¹."""

    powers: tuple[tuple[str, int], ...] = ()

    def __mul__(self, other: "Dimension") -> "Dimension":
        return self._joined(other, 1)

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return self._joined(other, -1)

    def __str__(self) -> str:
        return " ".join(base if power == 1 else f"{base}^{power}" for base, power in self.powers)

    def _joined(self, other: "Dimension", sign: int) -> "Dimension":
        powers = dict(self.powers)
        for base, power in other.powers:
            powers[base] = powers.get(base, 0) + sign * power
        return Dimension(tuple(sorted((base, power) for base, power in powers.items() if power)))


@dataclass(frozen=True, slots=True)
class Unit:
    """A dimension, and how many of that dimension's base unit this unit is."""

    dimension: Dimension
    factor: Decimal = Decimal(1)

    @property
    def kind(self) -> str:
        """The dimension in words: units of one kind convert into each other."""
        return str(self.dimension)

    def __mul__(self, other: "Unit") -> "Unit":
        return Unit(self.dimension * other.dimension, self.factor * other.factor)

    def __truediv__(self, other: "Unit") -> "Unit":
        return Unit(self.dimension / other.dimension, self.factor / other.factor)


def _of(base: str, factor: str = "1") -> Unit:
    return Unit(Dimension(((base, 1),)), Decimal(factor))


_HEAT = Dimension((("heat", 1),))
_JOULES_OF_A_BTU = Decimal("1055.05585262")  # of the International Table
# Electricity (energy) and heat are two dimensions: their quotient is what an efficiency or a heat rate
# states. So are days, business days, months and years: how many of one are in another depends on the dates.
# A contract's therm is 100,000 BTU.
_SINGLE = {
    "W": _of("power", "0.001"),
    "kW": _of("power"),
    "MW": _of("power", "1000"),
    "GW": _of("power", "1000000"),
    "kVA": _of("apparent power"),
    "MVA": _of("apparent power", "1000"),
    "kWh": _of("energy"),
    "MWh": _of("energy", "1000"),
    "GWh": _of("energy", "1000000"),
    "BTU": _of("heat"),
    "MMBtu": _of("heat", "1000000"),
    "therm": _of("heat", "100000"),
    "kJ": Unit(_HEAT, 1_000 / _JOULES_OF_A_BTU),
    "MJ": Unit(_HEAT, 1_000_000 / _JOULES_OF_A_BTU),
    "GJ": Unit(_HEAT, 1_000_000_000 / _JOULES_OF_A_BTU),
    "V": _of("voltage"),
    "kV": _of("voltage", "1000"),
    "hours": _of("hours"),
    "days": _of("days"),
    "weeks": _of("days", "7"),
    "business days": _of("business days"),
    "months": _of("months"),
    "years": _of("years"),
    "month": _of("months"),
    "year": _of("years"),
    "day": _of("days"),
    "hour": _of("hours"),
    "cycle": _of("cycles"),
    "system": _of("systems"),
    "%": _of("percent"),
    **{currency: _of(currency) for currency in CURRENCIES},
}


@cache
def unit_named(name: str) -> Unit | None:
    """The unit of a name such as "kW", "USD/kWh", "USD/kW-month" or "MMBtu/MWh"; None for one unknown."""
    above, *below = name.split("/")
    unit = _SINGLE.get(above)
    for factor in (factor for part in below for factor in part.split("-")):
        divisor = _SINGLE.get(factor)
        if unit is None or divisor is None:
            return None
        unit = unit / divisor
    return unit


def in_base_units(amount: Decimal, unit: str) -> tuple[str, Decimal]:
    """The kind of `unit`, and `amount` in that kind's base unit. Raises KeyError for an unknown unit."""
    known = unit_named(unit)
    if known is None:
        raise KeyError(unit)
    return known.kind, amount * known.factor


def convertible(first: str, second: str) -> bool:
    """Whether both units are known and of one dimension."""
    one, other = unit_named(first), unit_named(second)
    return one is not None and other is not None and one.dimension == other.dimension


def is_rate(unit: str) -> bool:
    """Whether a unit is money per something."""
    return unit.partition("/")[0] in CURRENCIES and "/" in unit
