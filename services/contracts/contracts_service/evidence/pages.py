"""Headers and footers: the lines that are printed anew at the top and the bottom of a document's pages."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

_EDGE_LINES = 3
#: A line is a header or a footer when it stands on so many pages, whatever its numbers are.
_PAGES = 3
_LINE = re.compile(r"[^\n\f]*\S[^\n\f]*")
_NUMBER = re.compile(r"[0-9]+|\b[ivxlc]+\b")


def running_lines(text: str) -> tuple[tuple[int, int], ...]:
    """The [start, end) of every header and footer of a text whose pages end with a form feed."""
    pages = [list(_edges(text, *page)) for page in _pages(text)]
    known = Counter(
        words for page in pages for words in {_words(text, line) for edge in page for line in edge}
    )
    repeated = {words for words, count in known.items() if count >= _PAGES}
    return tuple(sorted({line for page in pages for edge in page for line in _run(text, edge, repeated)}))


def _pages(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while (end := text.find("\f", start)) >= 0:
        yield start, end
        start = end + 1
    yield start, len(text)


def _edges(text: str, start: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """The lines at the top, from the edge inwards, and those at the bottom."""
    lines = [match.span() for match in _LINE.finditer(text, start, end)]
    yield lines[:_EDGE_LINES]
    yield lines[::-1][:_EDGE_LINES]


def _run(text: str, edge: Iterable[tuple[int, int]], repeated: set[str]) -> Iterator[tuple[int, int]]:
    for line in edge:
        if _words(text, line) not in repeated:
            return
        yield line


def _words(text: str, line: tuple[int, int]) -> str:
    return _NUMBER.sub("#", " ".join(text[line[0] : line[1]].lower().split()))
