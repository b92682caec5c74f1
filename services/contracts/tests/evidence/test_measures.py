"""Numbers with their units: quantities, money, rates, percentages, and pairs of words and figures."""

from decimal import Decimal

import pytest

from contracts_service.evidence.measures import measures
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.values import Money, Percent, Quantity, Rate, Value, same

READ = [
    ("one and five-tenths percent (1.5%)", "1.5", "%"),
    ("fifty percent (50%)", "50", "%"),
    ("98 per cent", "98", "%"),
    ("One Million Dollars ($1,000,000)", "1000000", "USD"),
    ("US$ 5 million", "5000000", "USD"),
    ("€5", "5", "EUR"),
    ("thirty (30) days", "30", "days"),
    ("thirty (30 days)", "30", "days"),
    ("10 (ten) years", "10", "years"),
    ("five (5) Business Days", "5", "business days"),
    ("15-year", "15", "years"),
    ("two weeks", "2", "weeks"),
    ("25,500kW", "25500", "kW"),
    ("30 megawatts", "30", "MW"),
    ("12.5 kV", "12.5", "kV"),
    ("480 volts", "480", "V"),
    ("8,000 kilowatt-hours", "8000", "kWh"),
    ("3,412 BTUs per kWh", "3412", "BTU/kWh"),
    ("7 MMBtu", "7", "MMBtu"),
    ("$0.1195 per kWh", "0.1195", "USD/kWh"),
    ("11.95 cents per kilowatt-hour", "0.1195", "USD/kWh"),
    ("$15/kW/month", "15", "USD/kW-month"),
    ("$15.00 per kW-month", "15", "USD/kW-month"),
    ("$180 per kW-year", "180", "USD/kW-year"),
    ("$90/MWh", "90", "USD/MWh"),
    ("$40 per thermal cycle", "40", "USD/cycle"),
    ("($/kWh): 0.1195", "0.1195", "USD/kWh"),
]


@pytest.mark.parametrize(("text", "amount", "unit"), READ)
def test_reads_amount_and_unit(text: str, amount: str, unit: str) -> None:
    (measure,) = measures(text)
    assert (measure.amount, measure.unit, measure.flaw) == (Decimal(amount), unit, None)


FLAWED = [
    ("thirty (45) days", Reason.WORDS_AND_FIGURES_DISAGREE),
    ("fifty percent (50 kW)", Reason.UNITS_DISAGREE),
    ("between 5 and 10 days", Reason.NOT_A_SINGLE_VALUE),
    ("5-10 days", Reason.NOT_A_SINGLE_VALUE),
    ("five (5) to ten (10) days", Reason.NOT_A_SINGLE_VALUE),
    ("2 x 325 kW", Reason.NOT_A_SINGLE_VALUE),
    ("($6,527)", Reason.NUMBER_UNCLEAR),
    ("$1.5M", Reason.NUMBER_UNCLEAR),
    ("$500 Canadian", Reason.NUMBER_UNCLEAR),
    ("±5 %", Reason.NUMBER_UNCLEAR),
]


@pytest.mark.parametrize(("text", "flaw"), FLAWED)
def test_marks_what_is_no_single_clear_value(text: str, flaw: Reason) -> None:
    assert measures(text)[-1].flaw is flaw


@pytest.mark.parametrize("text", ["30 kW-month", "30 kW per month", "8,760 hours per year", "30 kW/month"])
def test_a_unit_that_goes_on_is_not_the_shorter_one(text: str) -> None:
    assert measures(text)[0].unit == "?"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Quantity(Decimal(30), "MW"), Quantity(Decimal(30_000), "kW")),
        (Rate(Decimal("0.1195"), "USD/kWh"), Rate(Decimal("119.5"), "USD/MWh")),
        (Quantity(Decimal("12.50"), "kV"), Quantity(Decimal(12_500), "V")),
    ],
)
def test_units_of_one_kind_are_converted(first: Value, second: Value) -> None:
    assert same(first, second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Quantity(Decimal(30), "kW"), Quantity(Decimal(30), "kWh")),
        (Quantity(Decimal(12), "months"), Quantity(Decimal(1), "years")),
        (Quantity(Decimal(5), "days"), Quantity(Decimal(5), "business days")),
        (Rate(Decimal(180), "USD/kW-year"), Rate(Decimal(15), "USD/kW-month")),
        (Rate(Decimal(1), "USD/kWh"), Rate(Decimal(1), "USD/kW-month")),
        (Money(Decimal(1), "USD"), Money(Decimal(1), "EUR")),
        (Percent(Decimal(50), "LHV"), Percent(Decimal(50), "HHV")),
        (Percent(Decimal(1), None, "month"), Percent(Decimal(1), None, "year")),
    ],
)
def test_units_of_different_kinds_never_agree(first: Value, second: Value) -> None:
    assert not same(first, second)
