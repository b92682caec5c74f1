"""Cuts a document into parts within a budget of tokens, at the coarsest break that fills a part well."""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts_service.sections.breaks import Break, breaks_within, headings
from contracts_service.sections.tokens import bytes_within, most_tokens

# A part that ends at an article may stay this much emptier than one that is filled to the brim, so that there
# are at most about twice as many parts as needed.
_WELL_FILLED = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """[start, end) of the stored text: the `number`th of `count`, from 1."""

    start: int
    end: int
    number: int = 1
    count: int = 1

    @property
    def whole(self) -> bool:
        """Whether it is the whole document."""
        return self.count == 1

    @property
    def span(self) -> str:
        """Names the part by its place, whatever else the document is cut into; empty for the whole."""
        return "" if self.whole else f"{self.start}-{self.end}"


def cut(text: str, pages: Sequence[tuple[int, int]], budget: int) -> tuple[Part, ...]:
    """Parts of at most `budget` tokens, conservatively counted, which together are the text.

    Raises ValueError for a budget below one token.
    """
    if budget < 1:
        raise ValueError("a part needs room for a token")
    if most_tokens(text) <= budget:
        return (Part(0, len(text)),)
    own = headings(text)
    ends: list[int] = []
    start = 0
    while start < len(text):
        start = _end_of_part(text, own, pages, start, bytes_within(budget))
        ends.append(start)
    starts = [0, *ends[:-1]]
    return tuple(
        Part(first, last, number, len(ends))
        for number, (first, last) in enumerate(zip(starts, ends, strict=True), start=1)
    )


def _end_of_part(
    text: str, own: Sequence[Break], pages: Sequence[tuple[int, int]], start: int, most_bytes: int
) -> int:
    """Where the part that begins at `start` ends."""
    limit = _reach(text, start, most_bytes)
    if limit == len(text):
        return limit
    filled = start + int((limit - start) * _WELL_FILLED)
    found = next(found for found in breaks_within(text, own, pages, filled, limit) if found)
    return found[-1].at


def _reach(text: str, start: int, most_bytes: int) -> int:
    """Where the longest stretch of whole characters within so many bytes ends; it has one at least."""
    stretch = text[start : start + most_bytes].encode()[:most_bytes].decode(errors="ignore")
    return start + max(1, len(stretch))
