"""Totals against their items: a total row, equal installments, shares that leave "the remaining" one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.rounding import step
from contracts_service.contradictions.wording import amount, measured, number
from contracts_service.evidence.measures import Measure

_LINE = re.compile(r"[^\n\f]+")
_TOTAL = re.compile(r"\s*(?:grand\s+)?(?:total|aggregate|sum)\b", re.IGNORECASE)
_LAST_AMOUNT = re.compile(
    r"(?P<sign>[-–(]\s?)?(?P<money>(?:US)?\$)?\s?(?P<amount>\d[\d,]*(?:\.\d+)?)(?P<percent>\s?%)?\)?[ \t]*$"
)
_NOT_ITEMS = re.compile(
    r"\b(?:sub-?total|less|discount|credit|minus|deduct\w*|total|average|cumulative)\b|=", re.IGNORECASE
)
_WORDS_BEFORE = re.compile(r"[A-Za-z]{3}")
_LEAST_ITEMS = 2
_EQUAL = re.compile(
    r"\bequal\s+(?:(?:consecutive|successive|monthly|quarterly|annual|semi-annual|yearly|weekly)\s+){0,2}(?:installments?|instalments?|payments?)\s+of\s+$",
    re.IGNORECASE,
)
_REMAINING = re.compile(r"\b(?:remaining|balance\s+of|remainder\s+of)\s+(?:the\s+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Item:
    """A line that ends with an amount; offsets are of the stored text."""

    start: int
    end: int
    label: str
    amount: Decimal
    unit: str
    printed: str


def find(reading: Reading) -> Iterator[Contradiction]:
    """In rows, and in sentences."""
    yield from _total_rows(reading)
    yield from _installments(reading)
    yield from _shares(reading)


def _total_rows(reading: Reading) -> Iterator[Contradiction]:
    items: list[_Item] = []
    for match in _LINE.finditer(reading.document.text):
        item = _item(match)
        if item is None:
            items = []
        elif _TOTAL.match(item.label):
            found = [one for one in items if one.unit == item.unit]
            if len(found) == len(items) >= _LEAST_ITEMS and not _adds_up(found, item):
                yield _total(reading, found, item)
            items = []
        else:
            items.append(item)


def _item(match: re.Match[str]) -> _Item | None:
    last = _LAST_AMOUNT.search(match[0])
    if last is None or not (last["money"] or last["percent"]):
        return None
    label = match[0][: last.start()]
    if last["sign"] or not _WORDS_BEFORE.search(label):
        return None
    if not _TOTAL.match(label) and _NOT_ITEMS.search(label):
        return None
    unit = "%" if last["percent"] else "USD"
    value = Decimal(last["amount"].replace(",", ""))
    return _Item(match.start(), match.end(), label, value, unit, last["amount"])


def _adds_up(items: Sequence[_Item], total: _Item) -> bool:
    """Whether all items, or the last few of them, make the total, each rounded as printed."""
    sums = (items[first:] for first in range(len(items) - 1))
    return any(_equals(some, total) for some in sums)


def _equals(items: Sequence[_Item], total: _Item) -> bool:
    slack = sum((step(one.printed) for one in items), step(total.printed)) / 2
    coarse = max(step(one.printed) for one in (*items, total)) > Decimal("0.01")
    gap = abs(sum((one.amount for one in items), Decimal(0)) - total.amount)
    return gap == 0 or (coarse and total.unit == "%" and gap <= slack)


def _total(reading: Reading, items: Sequence[_Item], total: _Item) -> Contradiction:
    added = sum((one.amount for one in items), Decimal(0))
    shown = amount(total.amount, total.unit), amount(added, total.unit)
    label = total.label.strip(" \t:.-")
    return Contradiction(
        Kind.SUM,
        Severity.HIGH,
        f'"{label}" is given as {shown[0]}; the items above it make {shown[1]}.',
        (
            reading.at_stored(total.start, total.end, shown[0]),
            reading.at_stored(items[0].start, items[-1].end, shown[1]),
        ),
        f"{' + '.join(amount(one.amount, one.unit) for one in items)} = {shown[1]}",
    )


def _installments(reading: Reading) -> Iterator[Contradiction]:
    """ "$120,000, payable in twelve (12) equal monthly installments of $10,000"."""
    found = reading.measures
    for i in range(2, len(found)):
        total, count, each = found[i - 2 : i + 1]
        between = reading.text[count.end : each.start]
        if any(one.flaw for one in (total, count, each)) or total.unit != each.unit or count.unit is not None:
            continue
        same_sentence = not re.search(r"[.;\n]\s", reading.text[total.end : each.start])
        if total.unit == "USD" and _EQUAL.search(between) and same_sentence and count.end - total.end < 120:
            product = count.amount * each.amount
            # Installments may be rounded, each to its last place.
            if abs(product - total.amount) > count.amount * step(reading.text[each.start : each.end]) / 2:
                yield _product(reading, total, count, each, product)


def _product(
    reading: Reading, total: Measure, count: Measure, each: Measure, product: Decimal
) -> Contradiction:
    made = amount(product, each.unit)
    return Contradiction(
        Kind.SUM,
        Severity.HIGH,
        f"{number(count.amount)} installments of {measured(each)} make {made}, not {measured(total)}.",
        (
            reading.passage(total.start, each.end, measured(total)),
            reading.exactly(count.start, each.end, made),
        ),
        f"{number(count.amount)} × {measured(each)} = {made}",
    )


def _shares(reading: Reading) -> Iterator[Contradiction]:
    """ "fifty percent (50%) on signing and the remaining forty percent (40%) on delivery"."""
    for one in reading.measures:
        if one.unit != "%" or not _REMAINING.search(reading.text[max(0, one.start - 30) : one.start]):
            continue
        start, end = reading.sentence(one.start, one.end)
        shares = [each for each in reading.measures_in(start, end) if each.unit == "%"]
        if len(shares) < 2 or shares[-1] != one or any(each.flaw for each in shares):
            continue
        added = sum((each.amount for each in shares), Decimal(0))
        if added != 100:
            yield Contradiction(
                Kind.SUM,
                Severity.MEDIUM,
                f"The shares make {number(added)} %, not 100 %.",
                (
                    reading.passage(shares[0].start, one.end, f"{number(added)} %"),
                    reading.exactly(one.start, one.end, f"{number(one.amount)} %"),
                ),
                f"{' + '.join(number(each.amount) for each in shares)} = {number(added)}",
            )
