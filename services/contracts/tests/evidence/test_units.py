"""Units: dimensions multiply, factors are exact, and nothing converts that a contract does not convert."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.evidence.measures import measures
from contracts_service.evidence.units import convertible, in_base_units, unit_named

NAMES = ["kW", "MW", "kWh", "GWh", "BTU", "MMBtu", "therm", "V", "days", "weeks", "months", "USD", "KRW"]
SAME = [
    ("1.95", "MW", "1950", "kW"),
    ("0.12", "USD/kWh", "120", "USD/MWh"),
    ("6.5", "MMBtu/MWh", "6500", "BTU/kWh"),
    ("10", "therm", "1", "MMBtu"),
    ("2", "weeks", "14", "days"),
    ("13.2", "kV", "13200", "V"),
]
APART = [
    ("kW", "kWh"), ("kWh", "BTU"), ("days", "business days"), ("months", "days"), ("years", "months"),
    ("USD", "KRW"), ("USD/kW-month", "USD/kW-year"), ("USD/kWh", "KRW/kWh"), ("kW", "kVA"), ("%", "USD"),
    ("USD/kWh", "USD"), ("BTU/kWh", "BTU"), ("kW", "furlong"), ("furlong", "furlong"),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "unit", "other", "other_unit"), SAME)
def test_the_same_in_another_unit(amount: str, unit: str, other: str, other_unit: str) -> None:
    assert in_base_units(Decimal(amount), unit) == in_base_units(Decimal(other), other_unit)


@pytest.mark.parametrize(("first", "second"), APART)
def test_what_does_not_convert(first: str, second: str) -> None:
    assert not convertible(first, second)
    assert not convertible(second, first)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES), st.decimals(-(10**9), 10**9, places=3))
def test_a_quotient_takes_its_divisor_back(above: str, below: str, amount: Decimal) -> None:
    first, second = unit_named(above), unit_named(below)
    assert first is not None
    assert second is not None
    back = first / second * second
    assert (back.dimension, back.factor * amount) == (first.dimension, first.factor * amount)


def test_an_unknown_unit_has_no_base() -> None:
    for name in ("", "?", "USD/", "/kWh", "USD/kWh/?", "kW-month"):
        assert unit_named(name) is None
        with pytest.raises(KeyError):
            in_base_units(Decimal(1), name)


SPELLED = [
    ("$15.00 per kW of nameplate capacity per month", "15", "USD/kW-month"),
    ("120 mills per kWh", "0.12", "USD/kWh"),
    ("18.75 cents/kWh", "0.1875", "USD/kWh"),
    ("₩120/kWh", "120", "KRW/kWh"),
    ("1,200,000 Korean won", "1200000", "KRW"),
    ("EUR 1.2 million", "1200000", "EUR"),
    ("$3.50 per dekatherm", "3.5", "USD/MMBtu"),
    ("6.5 MMBtu/MWh", "6.5", "MMBtu/MWh"),
    ("6,500 British thermal units per kilowatt-hour", "6500", "BTU/kWh"),
    ("10 GJ", "10", "GJ"),
    ("50 basis points", "0.5", "%"),
    ("95 pct", "95", "%"),
    ("1,950 kWac", "1950", "kW"),
    ("Five Million and 00/100 Dollars ($5,000,000.00)", "5000000", "USD"),
    ("Five Million Dollars and No/100 ($5,000,000.00)", "5000000", "USD"),
]


@pytest.mark.parametrize(("text", "amount", "unit"), SPELLED)
def test_reads_a_unit_as_it_is_spelled(text: str, amount: str, unit: str) -> None:
    (measure,) = measures(text)
    assert (measure.amount, measure.unit, measure.flaw) == (Decimal(amount), unit, None)
    assert text[measure.start : measure.end] == text


@pytest.mark.parametrize(
    "text",
    [
        "100 kWp", "100 kWdc", "5 percentage points", "$0.01 per kWh per year", "25 kW-month",
        "8,760 hours per year", "5 MMBtu/h", "¥500", "C$5", "$5 MW", "1O0 days", "$500K", "3.5x", "1e6 kW",
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_no_plain_unit(text: str) -> None:
    assert all(one.flaw or one.unit is None or unit_named(one.unit) is None for one in measures(text))
