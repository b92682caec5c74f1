"""A number in words against the figures in parentheses behind it: "thirty (15) days"."""

import re
from collections.abc import Iterator
from itertools import pairwise

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.wording import number
from contracts_service.evidence.number import Number
from contracts_service.evidence.numbers import numbers
from contracts_service.evidence.spellings import unit_after

_CURRENCY = re.compile(r"\s*\(\s*(?:US\s?\$|USD\s?\$?|\$|€|£)?\s*", re.IGNORECASE)
_WORDS_END = re.compile(r"\s*(?:(?:u\.?s\.?\s+)?dollars?|per\s?cent(?:um)?|%)?", re.IGNORECASE)
_CLOSE = re.compile(r"\s*\)")
# "three-quarters of one percent (0.75%)", "one hundred and 50/100 dollars", "1 thirty (30)".
_PART_BEFORE = re.compile(
    r"(?:\bof|\bpoint|\bhalf|\bquarters?|\bthirds?|\btenths?|\bhundredths?|\bthousandths?|\d|\bor|/)[\s-]*(?:a|an)?\s*$",
    re.IGNORECASE,
)
_FIGURES_AFTER = re.compile(r"\s*(?:and|&)?\s*(?:no|\d{1,3})/100", re.IGNORECASE)
_ENUMERATED, _MOST_ITEMS = 300, 20


def find(reading: Reading) -> Iterator[Contradiction]:
    """Whole numbers only: a fraction in words and its decimals may differ by rounding."""
    for words, figures in pairwise(numbers(reading.text)):
        close = _pair(reading.text, words, figures)
        if close and words.value != figures.value and not reading.told(words.start, close):
            yield _contradiction(reading, words, figures, close)


def _pair(text: str, words: Number, figures: Number) -> int | None:
    """Where the closing parenthesis ends; None where the two are no pair."""
    if (
        not words.in_words
        or figures.in_words
        or words.flaw
        or figures.flaw
        or words.ordinal != figures.ordinal
    ):
        return None
    if not all(one.value == one.value.to_integral_value() for one in (words, figures)):
        return None
    named = _WORDS_END.match(text, words.end)
    opened = _CURRENCY.fullmatch(text, named.end() if named else words.end, figures.start)
    closed = _CLOSE.match(text, unit_after(text, figures.end)[1])
    if opened is None or closed is None or _part(text, words) or _enumerates(text, words, figures):
        return None
    return closed.end()


def _part(text: str, words: Number) -> bool:
    before = text[max(0, words.start - 24) : words.start]
    return bool(_PART_BEFORE.search(before) or _FIGURES_AFTER.match(text, words.end))


def _enumerates(text: str, words: Number, figures: Number) -> bool:
    """ "either (1) one, or one (2) two": the figure counts the items of a list."""
    if "(" + text[figures.start : figures.end] + ")" not in text[figures.start - 1 : figures.end + 1]:
        return False
    near = (
        text[max(0, words.start - _ENUMERATED) : words.start]
        + " "
        + text[figures.end + 1 : figures.end + _ENUMERATED]
    )
    place = int(figures.value)
    if place > _MOST_ITEMS:
        return False
    items = (re.escape(f"({one})") for one in (place - 1, place + 1))
    return any(re.search("(?<![A-Za-z]\\s)" + item, near) for item in items)


def _contradiction(reading: Reading, words: Number, figures: Number, close: int) -> Contradiction:
    text, value = reading.text, (number(words.value), number(figures.value))
    said = " ".join(text[words.start : words.end].split())
    return Contradiction(
        Kind.WORDS_AND_FIGURES,
        Severity.HIGH,
        f'The number is written "{said}" in words and {value[1]} in figures.',
        (
            reading.passage(words.start, close, value[0]),
            reading.exactly(figures.start, figures.end, value[1]),
        ),
    )
