"""Calendar dates, relative dates and chosen laws."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts_service.evidence.dates import dates
from contracts_service.evidence.jurisdictions import chosen_laws, plain_name
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.relative import relative_dates
from contracts_service.evidence.values import content_words

APRIL_13 = [
    "April 13, 2012",
    "April 13th, 2012",
    "Apr. 13, 2012",
    "13 April 2012",
    "13-Apr-2012",
    "2012-04-13",
    "4/13/2012",
    "13/4/2012",
    "13th day of April, 2012",
    "thirteenth (13th) day of April, 2012",
    "thirteenth day of April 2012",
]


@pytest.mark.parametrize("text", APRIL_13)
def test_reads_a_date(text: str) -> None:
    (found,) = dates(f"as of the {text}, between")
    assert (found.day, found.flaw) == (date(2012, 4, 13), None)


UNSURE = [
    ("4/5/2012", Reason.DATE_AMBIGUOUS),
    ("4/13/12", Reason.DATE_AMBIGUOUS),
    ("February 30, 2012", Reason.DATE_IMPOSSIBLE),
    ("thirteenth (14th) day of April, 2012", Reason.WORDS_AND_FIGURES_DISAGREE),
]


@pytest.mark.parametrize(("text", "flaw"), UNSURE)
def test_does_not_guess(text: str, flaw: Reason) -> None:
    (found,) = dates(text)
    assert (found.day, found.flaw) == (None, flaw)


@pytest.mark.parametrize("text", ["April 2012", "Section 4.13.2012a", "13", "the 13th day of each month"])
def test_finds_no_date_in(text: str) -> None:
    assert dates(text) == []


@given(st.dates(date(1990, 1, 1), date(2089, 12, 31)))
def test_any_day_is_read_back(day: date) -> None:
    texts = (day.isoformat(), f"{day:%B} {day.day}, {day.year}", f"{day.day} {day:%b} {day.year}")
    assert [found.day for text in texts for found in dates(text)] == [day] * 3


RELATIVE = [
    (
        "within forty-five (45) Business Days after the end of each calendar year",
        45,
        "business days",
        "after",
        "calendar year end",
    ),
    (
        "twenty-first (21st) anniversary of the date of Commencement of Operations",
        21,
        "years",
        "after",
        "commencement operations",
    ),
    ("within 90 days of Operator’s receipt", 90, "days", "after", "operator receipt"),
    ("thirty (30) days prior to the end of the month", 30, "days", "before", "end month"),
    ("upon ninety (90) days' prior written notice", 90, "days", "before", "notice"),
    ("two weeks after delivery", 14, "days", "after", "delivery"),
    ("on the tenth (10th) Business Day following receipt", 10, "business days", "after", "receipt"),
    ("six (6) months from the Effective Date", 6, "months", "after", "effective"),
]


@pytest.mark.parametrize(("text", "offset", "unit", "direction", "anchor"), RELATIVE)
def test_reads_a_relative_date(text: str, offset: int, unit: str, direction: str, anchor: str) -> None:
    (found,) = relative_dates(text.replace("’", "'"))
    value = found.value
    assert (int(value.offset), value.unit, value.direction) == (offset, unit, direction)
    assert found.flaw is None
    assert content_words(anchor) <= content_words(value.anchor)


@pytest.mark.parametrize(
    "text", ["the 15th day of each month", "within thirty (30) days", "30 kW after that"]
)
def test_finds_no_relative_date_in(text: str) -> None:
    assert relative_dates(text) == []


LAWS = [
    ("THE LAWS OF THE STATE OF NEW YORK WITHOUT REGARD", "New York"),
    ("governed by Delaware law", "Delaware"),
    ("the laws of England and Wales", "England and Wales"),
    ("laws of the Commonwealth of Virginia", "Virginia"),
    ("laws of the State of West Virginia", "West Virginia"),
]


@pytest.mark.parametrize(("text", "name"), LAWS)
def test_reads_a_chosen_law(text: str, name: str) -> None:
    assert [found for found, _, _ in chosen_laws(text)] == [name]


def test_a_state_without_its_law_is_no_choice() -> None:
    assert chosen_laws("a Delaware limited liability company") == []
    assert plain_name("State of New York") == "New York"
    assert plain_name("Atlantis") is None
