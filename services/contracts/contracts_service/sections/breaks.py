"""Where a document may be cut: its headings by their rank, then pages, paragraphs, lines, words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """How deep a cut goes: a lower one parts more of what belongs together from the rest."""

    EXHIBIT = 0
    ARTICLE = 1
    SECTION = 2
    PAGE = 3
    PARAGRAPH = 4
    LINE = 5
    WORD = 6
    CHARACTER = 7


@dataclass(frozen=True, slots=True)
class Break:
    """A place before which the document may be cut, in code points of the stored text."""

    at: int
    rank: Rank


# A heading begins its line. A reference ("as set out in Exhibit B") has words before it, an entry of a table
# of contents dots and a page number behind it.
_NO_CONTENTS = r"(?![^\n]*(?:\.\s?){4,})(?![^\n]*\s\d{1,4}\s*$)"
_LINE = r"^[^\S\n]*"
_EXHIBIT = (
    rf"{_LINE}(?:EXHIBIT|SCHEDULE|APPENDIX|ANNEX(?:URE)?|ATTACHMENT|ADDENDUM|Exhibit|Schedule|Appendix|Annex)"
    rf"\s+(?:[A-Z]{{1,2}}|[0-9]{{1,2}}|[IVXL]{{1,5}})(?:[-.][0-9A-Z]{{1,3}})?\b(?=[\s:.–—-]){_NO_CONTENTS}"
)
_ARTICLE = rf"{_LINE}(?:ARTICLE|Article|PART|CHAPTER)\s+(?:[0-9]{{1,3}}|[IVXL]{{1,6}})\b{_NO_CONTENTS}"
_SECTION = (
    rf"{_LINE}(?:(?:SECTION|Section|§)\s*[0-9]{{1,3}}(?:\.[0-9]{{1,3}})?\b"
    rf"|[0-9]{{1,3}}(?:\.[0-9]{{1,3}})?\.?\s+(?=[A-Z][^\n]{{2,}})){_NO_CONTENTS}"
)
_HEADINGS = ((Rank.EXHIBIT, _EXHIBIT), (Rank.ARTICLE, _ARTICLE), (Rank.SECTION, _SECTION))
_PATTERNS = tuple((rank, re.compile(pattern, re.MULTILINE)) for rank, pattern in _HEADINGS)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")
_NEW_LINE = re.compile(r"\n")
_SPACE = re.compile(r"\s+")


def headings(text: str) -> list[Break]:
    """The document's own headings, in order."""
    found = [Break(match.start(), rank) for rank, pattern in _PATTERNS for match in pattern.finditer(text)]
    return sorted(found, key=lambda one: (one.at, one.rank))


def breaks_within(
    text: str, own: Iterable[Break], pages: Iterable[tuple[int, int]], start: int, end: int
) -> Iterator[list[Break]]:
    """The breaks in (start, end], coarsest rank first; each list is of one rank, in order."""
    inside = [one for one in own if start < one.at <= end]
    for rank in (Rank.EXHIBIT, Rank.ARTICLE, Rank.SECTION):
        yield [one for one in inside if one.rank is rank]
    yield [Break(at, Rank.PAGE) for at, _ in pages if start < at <= end]
    for rank, pattern in ((Rank.PARAGRAPH, _PARAGRAPH), (Rank.LINE, _NEW_LINE), (Rank.WORD, _SPACE)):
        places = (match.end() for match in pattern.finditer(text, start, end))
        yield [Break(at, rank) for at in places if start < at <= end]
    yield [Break(end, Rank.CHARACTER)]
