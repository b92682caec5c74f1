"""Numbers in figures and in words."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.evidence.numbers import numbers

READ = [
    ("thirty", "30"),
    ("ninety-five", "95"),
    ("forty five", "45"),
    ("one hundred eighty", "180"),
    ("one hundred and five", "105"),
    ("Two Hundred Fifty Thousand", "250000"),
    ("One Million", "1000000"),
    ("one million, two hundred thousand", "1200000"),
    ("one and five-tenths", "1.5"),
    ("one and one-half", "1.5"),
    ("two and a half", "2.5"),
    ("one point five", "1.5"),
    ("one-half", "0.5"),
    ("twenty-first", "21"),
    ("tenth", "10"),
    ("1,000,000", "1000000"),
    ("3,412", "3412"),
    (".5", "0.5"),
    ("1 1/2", "1.5"),
    ("1½", "1.5"),
    ("21st", "21"),
    ("1.5 million", "1500000"),
    ("-5", "-5"),
    ("zero", "0"),
    ("2⅔", "2.666666666666666666666666667"),
    ("⅛", "0.125"),
    ("two point five million", "2500000"),
    ("one and one-half million", "1500000"),
    ("sixty-five thousandths", "0.065"),
    ("ninety nine and ninety-five hundredths", "99.95"),
    ("1.5 trillion", "1500000000000"),
    ("ninetieth", "90"),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_reads_the_whole_expression(text: str, value: str) -> None:
    (number,) = numbers(text)
    assert (number.value, number.flaw) == (Decimal(value), None)
    assert text[number.start : number.end] == text


@pytest.mark.parametrize(
    "text",
    ["1,0000", "1.107.3", "1.000,50", "4/13/2012", "１30", "30０", "3٠", "12,34", "PWM-5700x1"],
)
def test_finds_no_number_that_a_reader_would_dispute(text: str) -> None:
    assert [one for one in numbers(text) if one.flaw is None and one.value not in (5700, -5700)] == []


@pytest.mark.parametrize(
    "text",
    ["one hundred and two hundred", "two one-year terms", "1 000 000", "hundred", "$1,000, 000", "10^6"],
)
def test_marks_what_can_be_read_in_two_ways(text: str) -> None:
    assert all(one.flaw for one in numbers(text))


@pytest.mark.parametrize("text", ["at 1. 5%", "at 1 .5%", "within 2 5 days", "$1,000, 000", "pay $4. 75"])
def test_marks_the_pieces_of_a_torn_number(text: str) -> None:
    assert numbers(text)[-1].flaw


def test_and_between_two_numbers_keeps_them_apart() -> None:
    assert [one.value for one in numbers("five and ten")] == [5, 10]


@given(st.integers(0, 999_999_999))
def test_words_and_figures_of_any_number_agree(value: int) -> None:
    assert [one.value for one in numbers(spelled(value))] == [value]
    assert [one.value for one in numbers(f"{value:,}")] == [value]


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
_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(value: int) -> str:
    """A whole number below a billion in American English."""
    for scale, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if value >= scale:
            rest = f" {spelled(value % scale)}" if value % scale else ""
            return f"{spelled(value // scale)} {name}{rest}"
    if value < 20:
        return _SMALL[value]
    return _TENS[value // 10] + (f"-{_SMALL[value % 10]}" if value % 10 else "")
