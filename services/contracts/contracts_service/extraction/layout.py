"""Where the words of a page stand: boxes in tenths of a point, from the top left of the page as shown."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TENTHS = 10
CERTAIN = 100
"""The confidence of a word that the file itself spells."""
_SURE, _SURE_OF_FIGURES = 60, 90
_FIELDS = 7


class Box(NamedTuple):
    """Edges in tenths of a point; `top` is less than `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    def around(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


class Word(NamedTuple):
    """Characters [start, end) of the page's stored text. `confidence` is 0..100."""

    start: int
    end: int
    box: Box
    confidence: int = CERTAIN


@dataclass(frozen=True, slots=True)
class PageLayout:
    """Page `number` from 1; `width` and `height` in tenths of a point; `words` as `pack` has it."""

    number: int
    width: int
    height: int
    words: bytes


def pack(words: Sequence[Word]) -> bytes:
    """Words, in the order of the text, in a few bytes each: deflated columns of 32 bits, little-endian."""
    rows = [(word.start, word.end, *word.box, word.confidence) for word in words]
    columns = array("i", (value for column in zip(*rows, strict=True) for value in column))
    return zlib.compress(columns.tobytes())


def unpack(packed: bytes) -> Iterator[Word]:
    """The words that were packed."""
    columns = array("i", zlib.decompress(packed))
    count = len(columns) // _FIELDS
    for at in range(count):
        start, end, left, top, right, bottom, confidence = columns[at::count]
        yield Word(start, end, Box(left, top, right, bottom), confidence)


def is_sure(word: str, confidence: int) -> bool:
    """Whether OCR read it surely enough for it to prove something, of figures more so than of words.

    `make eval-ocr` shows how many it reads wrongly at each level.
    """
    return confidence >= (_SURE_OF_FIGURES if any(map(str.isdigit, word)) else _SURE)


def rectangles(words: Iterable[Word], start: int, end: int) -> list[Box]:
    """One rectangle for each line that [start, end) of the page's text touches, in the text's order.

    Of a word that is touched in part, as much of its width as of its characters.
    """
    found: list[Box] = []
    for word in words:
        if word.start >= end or word.end <= start:
            continue
        part = _part(word, start, end)
        if found and _same_line(found[-1], part):
            found[-1] = found[-1].around(part)
        else:
            found.append(part)
    return found


def _part(word: Word, start: int, end: int) -> Box:
    left, top, right, bottom = word.box
    each = (right - left) / (word.end - word.start)
    first, last = max(start, word.start) - word.start, min(end, word.end) - word.start
    return Box(left + round(each * first), top, left + round(each * last), bottom)


def _same_line(before: Box, box: Box) -> bool:
    shared = min(before.bottom, box.bottom) - max(before.top, box.top)
    lower = min(before.bottom - before.top, box.bottom - box.top)
    return 2 * shared > lower and box.right >= before.left
