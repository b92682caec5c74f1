"""One matter said twice in the same words with different figures: clauses, and rows of a summary."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.structure import Clause
from contracts_service.contradictions.wording import measured
from contracts_service.evidence.measures import Measure
from contracts_service.evidence.units import in_base_units, unit_named

_SENTENCE = re.compile(r"[^\n]+?(?:(?<![A-Z])[.;](?=\s+[A-Z\"(]|\s*\n|\s*$)|(?=\n)|$)")
_WORDS = re.compile(r"[a-z]+|\d[\d.,]*")
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}(?:\.\d{1,2})*\.?|\([a-z0-9]{1,4}\))\s+")
_LEAST_WORDS, _LONGEST = 14, 900
_CAPTION_END = re.compile(r"\s+guarantee$", re.IGNORECASE)
_LEAST_CAPTION = 2
_LINE = re.compile(r"[^\n\f]+")


def find(reading: Reading) -> Iterator[Contradiction]:
    """Sentences first, then rows."""
    if not reading.structure.amends:
        yield from _sentences(reading)
        yield from _rows(reading)


def _sentences(reading: Reading) -> Iterator[Contradiction]:
    said: dict[tuple[int, str, str], tuple[Measure, int, int]] = {}
    for match in reading.matches(_SENTENCE):
        if match.end() - match.start() > _LONGEST:
            continue
        found = [one for one in reading.measures_in(*match.span()) if one.unit is not None]
        if len(found) != 1 or found[0].flaw or found[0].unit == "?" or reading.dates_in(*match.span()):
            continue
        one = found[0]
        words = _masked(match[0], one, match.start())
        if len(words.split()) < _LEAST_WORDS:
            continue
        part = reading.structure.part_at(reading.stored(*match.span())[0])
        key = (part, words, _base(one)[0])
        first = said.setdefault(key, (one, *match.span()))
        if _base(first[0]) != _base(one):
            yield _contradiction(reading, first[0], one, "The same sentence states")


def _masked(sentence: str, one: Measure, start: int) -> str:
    """The sentence without its number and its value, as bare words."""
    rest = sentence[: one.start - start] + " value " + sentence[one.end - start :]
    return " ".join(_WORDS.findall(_NUMBERED.sub("", rest).lower()))


def _base(one: Measure) -> tuple[str, object]:
    unit = one.unit or ""
    return in_base_units(one.amount, unit) if unit_named(unit) else (unit, one.amount)


def _rows(reading: Reading) -> Iterator[Contradiction]:
    """A line that begins with the caption of a section, and states another value than the section does."""
    by_caption = _captioned(reading)
    for line in _LINE.finditer(reading.document.text):
        for caption, (clause, value) in by_caption.items():
            if line[0].casefold().startswith(caption) and not clause.start <= line.start() < clause.end:
                yield from _row(reading, line, len(caption), value)


def _captioned(reading: Reading) -> Mapping[str, tuple[Clause, Measure]]:
    """Sections that state one value, by caption; of captions that stand twice, none."""
    found: dict[str, list[tuple[Clause, Measure]]] = defaultdict(list)
    for clause in reading.structure.clauses:
        caption = _CAPTION_END.sub("", clause.caption).casefold()
        start, end = reading.plain(clause.start), reading.plain(clause.end - 1) + 1
        values = [one for one in reading.measures_in(start, end) if one.unit not in (None, "USD")]
        if len(caption.split()) >= _LEAST_CAPTION and len(values) == 1 and not values[0].flaw:
            found[caption].append((clause, values[0]))
    return {caption: ones[0] for caption, ones in found.items() if len(ones) == 1}


def _row(reading: Reading, line: re.Match[str], caption: int, value: Measure) -> Iterator[Contradiction]:
    place = reading.plain(line.start() + caption - 1) + 1
    after = reading.measures_in(place, place + 40)
    if not after or reading.text[place : after[0].start].strip(" :\t"):
        return
    one = after[0]
    if not one.flaw and _base(one)[0] == _base(value)[0] and _base(one) != _base(value):
        yield _contradiction(reading, value, one, "The clause and the summary of one matter state")


def _contradiction(reading: Reading, first: Measure, second: Measure, lead: str) -> Contradiction:
    values = measured(first), measured(second)
    return Contradiction(
        Kind.SAME_QUANTITY_TWICE,
        Severity.HIGH,
        f"{lead} {values[0]} in one place and {values[1]} in another.",
        tuple(
            reading.passage(one.start, one.end, shown)
            for one, shown in zip((first, second), values, strict=True)
        ),
    )
