"""A price schedule against the escalator of the text: year n = base × (1 + e)^(n - 1), rounded as printed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.rounding import step
from contracts_service.contradictions.tables import Cell, Row, Table
from contracts_service.contradictions.wording import number
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.percents import period_of

_ESCALATES = re.compile(r"\b(?:escalat\w+|increas\w+|adjust\w+|ris(?:es?|ing))\b", re.IGNORECASE)
_OTHER_RULE = re.compile(
    r"\b(?:CPI|consumer\s+price|index|greater\s+of|lesser\s+of|not\s+(?:to\s+)?exceed|at\s+most|up\s+to|cap(?:ped)?|"
    r"maximum|no\s+more\s+than|interest)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:contract\s+|operating\s+|lease\s+)?(?:year\s+)?(?P<year>\d{1,2})", re.IGNORECASE)
_AMOUNT = re.compile(r"(?:US)?\$?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)")
_CHAINED = re.compile(r"\brounded\b[^.]{0,60}\b(?:each|every)\s+year", re.IGNORECASE)
_UNROUNDED = re.compile(r"\bwithout\s+(?:intermediate\s+)?rounding\b", re.IGNORECASE)
_PRICED = re.compile(r"\$|\b(?:price|rate|fee|payment|charge)s?\b", re.IGNORECASE)
_LEAST_YEARS, _NEAR = 4, 400
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class _Escalator:
    percent: Decimal
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Price:
    year: int
    amount: Decimal
    cell: Cell
    row: Row


def find(reading: Reading) -> Iterator[Contradiction]:
    """One for each column that the escalator explains but for a few years, or another rate explains wholly.

    Where the text has several escalators, or neither holds, nothing can be told.
    """
    escalator = _the_escalator(reading)
    if escalator is None:
        return
    for table in reading.tables:
        if _is_schedule(reading, table):
            for column in range(1, min(len(row.cells) for row in table.rows)):
                yield from _column(reading, escalator, _prices(table, column))


def _the_escalator(reading: Reading) -> _Escalator | None:
    found = [one for measure in reading.measures for one in _escalators(reading, measure)]
    rates = {one.percent for one in found}
    return found[0] if len(rates) == 1 else None


def _escalators(reading: Reading, measure: Measure) -> Iterator[_Escalator]:
    if measure.unit != "%" or measure.flaw or not 0 < measure.amount <= 15:
        return
    start, end = reading.sentence(measure.start, measure.end)
    sentence = reading.text[start:end]
    if not _ESCALATES.search(reading.text, start, measure.start) or _OTHER_RULE.search(sentence):
        return
    yearly = period_of(reading.text, measure.start, measure.end)[0] == "year" or "anniversary" in sentence
    if yearly and _PRICED.search(sentence):
        yield _Escalator(measure.amount, measure.start, measure.end)


def _is_schedule(reading: Reading, table: Table) -> bool:
    """Whether the table speaks of prices by year, by its own words or those just before it."""
    before = reading.document.text[max(0, table.rows[0].start - _NEAR) : table.rows[0].start]
    words = before + " ".join(cell.text for cell in table.rows[0].cells)
    return bool(_PRICED.search(words) and re.search(r"\byears?\b", words, re.IGNORECASE))


def _prices(table: Table, column: int) -> list[_Price]:
    """The printed prices of a column by year; [] where the first column does not count years from 1."""
    prices: list[_Price] = []
    expected = 1
    for row in table.rows:
        year = _YEAR.fullmatch(row.cells[0].text.strip())
        if year is None:
            if prices:
                return []
            continue
        if int(year["year"]) != expected:
            return []
        expected += 1
        price = _AMOUNT.fullmatch(row.cells[column].text.strip())
        if price is not None:
            amount = Decimal(price["amount"].replace(",", ""))
            prices.append(_Price(expected - 1, amount, row.cells[column], row))
    return prices


def _column(reading: Reading, escalator: _Escalator, prices: Sequence[_Price]) -> Iterator[Contradiction]:
    if len(prices) < _LEAST_YEARS or prices[0].year != 1 or prices[0].amount == 0:
        return
    if len({one.amount for one in prices}) == 1:
        # A price that does not escalate at all.
        return
    if not _speaks_of(reading, prices[0]):
        return
    rate = escalator.percent / _HUNDRED
    wrong = _wrong(reading, prices, rate)
    if not wrong:
        return
    if len(wrong) * 3 <= len(prices):
        yield _some_years(reading, escalator, prices, wrong)
    elif (other := _other_rate(prices)) is not None and other != escalator.percent:
        yield _another_rate(reading, escalator, prices, other)


def _speaks_of(reading: Reading, base: _Price) -> bool:
    """Whether the text itself states the first year's price, so that the escalator is that column's."""
    start, end = reading.plain(base.row.start), reading.plain(base.row.end)
    return any(
        one.amount == base.amount and not start <= one.start < end
        for one in reading.measures
        if (one.unit or "").startswith("USD")
    )


def _wrong(reading: Reading, prices: Sequence[_Price], rate: Decimal) -> list[_Price]:
    """The years that no admissible rounding explains: at the end, or of each year in turn."""
    text = reading.text
    unrounded = [one for one in prices if not _from_base(prices[0], one, rate)]
    if _UNROUNDED.search(text) and not _CHAINED.search(text):
        return unrounded
    by_year = {one.year: one for one in prices}
    return [one for one in unrounded if not _from_year_before(by_year.get(one.year - 1), one, rate)]


def _from_base(base: _Price, one: _Price, rate: Decimal) -> bool:
    grown = base.amount * (1 + rate) ** (one.year - 1)
    return _printed(grown, one) == one.amount or abs(grown - one.amount) < step(one.cell.text) / 2


def _from_year_before(before: _Price | None, one: _Price, rate: Decimal) -> bool:
    return before is not None and _printed(before.amount * (1 + rate), one) == one.amount


def _printed(amount: Decimal, like: _Price) -> Decimal:
    return amount.quantize(step(like.cell.text), ROUND_HALF_UP)


def _other_rate(prices: Sequence[_Price]) -> Decimal | None:
    """The rate in hundredths of a percent that explains every year, within a step of the last place."""
    last = prices[-1]
    growth = (last.amount / prices[0].amount) ** (Decimal(1) / (last.year - 1)) - 1
    percent = (growth * _HUNDRED).quantize(Decimal("0.01"), ROUND_HALF_UP)
    fits = (
        abs(prices[0].amount * (1 + percent / _HUNDRED) ** (one.year - 1) - one.amount)
        <= step(one.cell.text) * one.year
        for one in prices
    )
    return percent if percent > 0 and all(fits) else None


def _some_years(
    reading: Reading, escalator: _Escalator, prices: Sequence[_Price], wrong: Sequence[_Price]
) -> Contradiction:
    years = ", ".join(str(one.year) for one in wrong)
    first, rate = wrong[0], escalator.percent
    expected = _printed(prices[0].amount * (1 + rate / _HUNDRED) ** (first.year - 1), first)
    return Contradiction(
        Kind.TABLE_AGAINST_FORMULA,
        Severity.HIGH,
        f"The price schedule does not follow the escalator of {number(rate)} % in year {years}: "
        f"it prints {first.cell.text.strip()} where the formula gives {expected}.",
        (_of_text(reading, escalator), *(_of_row(reading, one) for one in wrong)),
        f"{prices[0].cell.text.strip()} × (1 + {number(rate)} %)^{first.year - 1} = {expected}",
    )


def _another_rate(
    reading: Reading, escalator: _Escalator, prices: Sequence[_Price], other: Decimal
) -> Contradiction:
    first, last = prices[0], prices[-1]
    return Contradiction(
        Kind.TABLE_AGAINST_FORMULA,
        Severity.HIGH,
        f"The text escalates by {number(escalator.percent)} % a year, "
        f"the price schedule by {number(other)} %.",
        (_of_text(reading, escalator), _of_row(reading, first), _of_row(reading, last)),
        f"({last.cell.text.strip()} / {first.cell.text.strip()})^(1/{last.year - 1}) - 1 = {number(other)} %",
    )


def _of_text(reading: Reading, escalator: _Escalator) -> Passage:
    return reading.passage(escalator.start, escalator.end, f"{number(escalator.percent)} % a year")


def _of_row(reading: Reading, price: _Price) -> Passage:
    return reading.at_stored(price.row.start, price.row.end, price.cell.text.strip())
