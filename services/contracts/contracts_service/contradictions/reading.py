"""A document laid out for the search: plain text, what is measured and dated in it, parts and tables."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from contracts_service.contradictions.model import Passage
from contracts_service.contradictions.structure import Structure, structure_of
from contracts_service.contradictions.tables import Table, tables_in_lines
from contracts_service.evidence.address import addresses_machine
from contracts_service.evidence.dates import DateFound, dates
from contracts_service.evidence.measures import Measure, measures
from contracts_service.evidence.model import DocumentText, Evidence, ExtractedValue

_SENTENCE_END = re.compile(
    r"(?<![A-Z])(?<!\bNo)(?<!\bInc)(?<!\bCo)[.!?;][\"')]*\s+(?=[A-Z\"'(]|\d{1,2}\.\d)|\n"
)
_ASIDE = 220
_HEADING = 160


@dataclass(frozen=True)
class Reading:
    """Offsets are those of `text`, the normalised text, where nothing else is said."""

    document: DocumentText
    given_tables: tuple[Table, ...] | None = None
    values: tuple[ExtractedValue, ...] = ()

    @property
    def text(self) -> str:
        """Single spaces, a newline for the end of a paragraph, plain quotes and dashes."""
        return self.document.normalized.text

    @cached_property
    def structure(self) -> Structure:
        """Parts and sections; their offsets are of the stored text."""
        return structure_of(self.document)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The given tables, or what looks like one in the stored text; offsets are of the stored text."""
        if self.given_tables is not None:
            return self.given_tables
        return tuple(tables_in_lines(self.document.text))

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """All measures in order; none of a sentence that is told to a machine."""
        return tuple(one for one in measures(self.text) if not self.told(one.start, one.end))

    @cached_property
    def dates(self) -> tuple[DateFound, ...]:
        """All dates in order; none of a sentence that is told to a machine."""
        return tuple(one for one in dates(self.text) if not self.told(one.start, one.end))

    @cached_property
    def _origin_starts(self) -> tuple[int, ...]:
        return tuple(start for start, _ in self.document.normalized.stored.origins)

    @cached_property
    def _measure_starts(self) -> tuple[int, ...]:
        return tuple(one.start for one in self.measures)

    @cached_property
    def _date_starts(self) -> tuple[int, ...]:
        return tuple(one.start for one in self.dates)

    def measures_in(self, start: int, end: int) -> Sequence[Measure]:
        """The measures that lie wholly in [start, end)."""
        first = bisect_left(self._measure_starts, start)
        last = bisect_left(self._measure_starts, end)
        return [one for one in self.measures[first:last] if one.end <= end]

    def dates_in(self, start: int, end: int) -> Sequence[DateFound]:
        """The dates that lie wholly in [start, end)."""
        first, last = bisect_left(self._date_starts, start), bisect_left(self._date_starts, end)
        return [one for one in self.dates[first:last] if one.end <= end]

    def plain(self, place: int) -> int:
        """Where the character at `place` of the stored text stands in `text`."""
        stored = self.document.normalized.stored
        piece = max(0, bisect_right(self._origin_starts, place) - 1)
        start, end = stored.origins[piece]
        return stored.starts[piece] + (min(place, end - 1) - start if stored.copied[piece] else 0)

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The sentence around [start, end), or as much of it as is worth quoting."""
        low, high = max(0, start - _ASIDE), min(len(self.text), end + _ASIDE)
        before = [match.end() for match in _SENTENCE_END.finditer(self.text, low, start)]
        after = _SENTENCE_END.search(self.text, end, high)
        first = before[-1] if before else self._word_start(low)
        last = after.start() + 1 if after else self._word_end(high)
        return first, len(self.text[:last].rstrip()) if last > end else end

    def passage(self, start: int, end: int, value: str = "") -> Passage:
        """The sentence around [start, end) as evidence, with the value that it states."""
        first, last = self.sentence(start, end)
        stored = self.document.normalized.stored
        place, stop = stored.origin(first, last)
        if self.document.page_at(place) != self.document.page_at(stop - 1):
            place, stop = stored.origin(start, end)
        return self.at_stored(place, stop, value)

    def passages(self, *stated: tuple[int, int, str]) -> tuple[Passage, ...]:
        """Each with the sentence around it; of one that was quoted already, only the words themselves."""
        found: list[Passage] = []
        for start, end, value in stated:
            whole = self.passage(start, end, value)
            told = any(one.evidence == whole.evidence for one in found)
            found.append(self.exactly(start, end, value) if told else whole)
        return tuple(found)

    def line(self, start: int, end: int, value: str = "") -> Passage:
        """The whole lines of the stored text on which [start, end) stands as evidence."""
        first, last = self.stored(start, end)
        text = self.document.text
        first = max(text.rfind("\n", 0, first), text.rfind("\f", 0, first)) + 1
        newline = text.find("\n", last)
        return self.at_stored(first, newline if newline >= 0 else len(text), value)

    def heading(self, start: int, value: str = "") -> Passage:
        """The first line from `start` of the stored text on, as far as it is worth quoting, as evidence."""
        text = self.document.text
        while text[start : start + 1].isspace():
            start += 1
        newline = text.find("\n", start)
        end = min(start + _HEADING, newline if newline >= 0 else len(text))
        return self.at_stored(start, start + len(text[start:end].rstrip()), value)

    def exactly(self, start: int, end: int, value: str = "") -> Passage:
        """[start, end) and no more as evidence."""
        return self.at_stored(*self.stored(start, end), value)

    def stored(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) of the stored text."""
        return self.document.normalized.stored.origin(start, end)

    def at_stored(self, start: int, end: int, value: str = "") -> Passage:
        """The very characters at [start, end) of the stored text as evidence."""
        return Passage(Evidence.at(self.document, start, end), value, self.document.document_id)

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Where the pattern stands, outside sentences that are told to a machine."""
        for match in pattern.finditer(self.text):
            if not self.told(*match.span()):
                yield match

    def told(self, start: int, end: int) -> bool:
        """Whether [start, end) is told to a machine; that is no statement of the contract."""
        return self._speaks_to_machines and addresses_machine(self.text, start, end)

    @cached_property
    def _speaks_to_machines(self) -> bool:
        # Asking for each number of a long contract would cost more than all else together.
        return any(addresses_machine(self.text, *span) for span in _paragraphs(self.text))

    def _word_start(self, place: int) -> int:
        if place == 0:
            return 0
        space = self.text.find(" ", place)
        return space + 1 if space >= 0 else place

    def _word_end(self, place: int) -> int:
        if place >= len(self.text):
            return place
        space = self.text.rfind(" ", 0, place)
        return space if space >= 0 else place


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.split("\n"):
        for place in range(start, start + len(line), 300):
            yield place, min(place + 300, start + len(line))
        start += len(line) + 1
