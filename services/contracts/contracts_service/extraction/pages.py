"""Cleans the text of each page and joins the pages into the one stored string."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from contracts_service.extraction import errors
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.layout import PageLayout, Word, pack
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.tables import Cell, Frame, Table, marked, tables_of

PAGE_BREAK = "\n\f"
"""Stands between two pages and belongs to the first."""

_LINE_ENDS = re.compile(r"\r\n?|[\v\x85\u2028\u2029]")
_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Nobody sees these, so text hidden in them must not reach a reader: controls, soft hyphens and
# zero-width characters, direction overrides, Unicode tags, half surrogate pairs, noncharacters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
_TRAILING = re.compile(r"[ \t]+(?=\n|\Z)")
_BLANK_LINES = re.compile(r"\n{3,}")
# What cleaning leaves or makes a space, a tab or a line end.
_RAW_WORD = re.compile(r"[^ \t\n\r\v\x85\u2028\u2029\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_WORD = re.compile(r"[^ \t\n]+")


def clean(raw: str) -> str:
    """One page's text: NFC, LF line ends, plain spaces, nothing unseen, no run of blank lines."""
    text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", raw))
    # NFC also turns look-alikes into the real character: the Greek question mark is a semicolon.
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip("\n")


def words_in(raw: str, cleaned: str) -> Iterator[tuple[int, int, int, int]]:
    """Where each word stood: its start and end in `raw`, then in `cleaned`, which is `clean(raw)`."""
    visible = (spans for one in _RAW_WORD.finditer(raw) if (spans := _visible(one)))
    for (first, last), after in zip(visible, _WORD.finditer(cleaned), strict=True):
        yield first, last, after.start(), after.end()


def _visible(word: re.Match[str]) -> tuple[int, int] | None:
    """Where what is seen of it begins and ends."""
    if not _UNSEEN.search(word[0]):
        return word.span()
    seen = [at for at, character in enumerate(word[0], word.start()) if not _UNSEEN.match(character)]
    return (seen[0], seen[-1] + 1) if seen else None


class PageCollector:
    """Gathers pages in order and refuses a document that grows beyond its limits."""

    def __init__(self, media_type: MediaType, limits: Limits, *, source_bytes: int) -> None:
        self._media_type = media_type
        self._limits = limits
        self._source_bytes = source_bytes
        self._pages: list[str] = []
        self._characters = 0
        self._layouts: list[PageLayout] = []
        self._cells: list[tuple[int, Cell]] = []
        self._tables: list[Table] = []

    def add(self, raw: str, frames: Sequence[Frame | None] = ()) -> str:
        """Append the next page; returns its cleaned text. Cells that are marked in it stand in `frames`."""
        if len(self._pages) >= self._limits.max_pages:
            raise errors.too_many_pages(self._limits.max_pages)
        self._refuse_growth(len(raw))
        page = clean(raw)
        if frames:
            self._add_cells(raw, page, frames)
        self._pages.append(page)
        self._characters += len(page) + len(PAGE_BREAK)
        return page

    @property
    def page_count(self) -> int:
        """Pages so far, and the number of the last."""
        return len(self._pages)

    def place(self, size: tuple[int, int], words: Sequence[Word], tables: Sequence[Sequence[Cell]]) -> None:
        """Where the words of the last page stand, and its tables, whose cells count the page's characters."""
        number = len(self._pages)
        self._layouts.append(PageLayout(number, *size, pack(words)))
        start = self._characters - len(self._pages[-1]) - len(PAGE_BREAK)
        for cells in tables:
            if sum(len(table.cells) for table in self._tables) + len(cells) > self._limits.table_cells:
                return
            moved = [replace(cell, start=start + cell.start, end=start + cell.end) for cell in cells]
            self._tables.append(Table(tuple(moved)))

    def _add_cells(self, raw: str, page: str, frames: Sequence[Frame | None]) -> None:
        words = list(words_in(raw, page))
        for number, start, end in marked(raw):
            frame = frames[number]
            if frame is None or len(self._cells) >= self._limits.table_cells:
                continue
            first = bisect_right(words, start, key=lambda word: word[1])
            last = bisect_left(words, end, key=lambda word: word[0])
            begins = words[first][2] if first < last else (words[first - 1][3] if first else 0)
            ends = words[last - 1][3] if first < last else begins
            cell = Cell(
                row=frame.row,
                column=frame.column,
                row_span=frame.row_span,
                column_span=frame.column_span,
                start=self._characters + begins,
                end=self._characters + ends,
                page=len(self._pages) + 1,
                text=" ".join(page[begins:ends].split()),
            )
            self._cells.append((frame.table, cell))

    def _refuse_growth(self, more: int) -> None:
        total = self._characters + more
        if total > max(self._limits.ratio_free_characters, self._limits.text_ratio * self._source_bytes):
            raise errors.bomb("text_ratio")
        if total > self._limits.max_characters:
            raise errors.too_many_characters(self._limits.max_characters)

    def result(
        self, *, engine: str, pictured: frozenset[int] = frozenset(), recognized: Sequence[int] = ()
    ) -> ExtractedText:
        """The stored text. `pictured` are pages (from 1) that show something but have no words.

        `recognized` are OCR's confidences, of each word that it read.

        Raises `DocumentRejected` (DOCUMENT_EMPTY) when nothing is written and nothing is shown.
        """
        textless = tuple(number for number, page in enumerate(self._pages, 1) if not page.strip())
        if len(textless) == len(self._pages) and not pictured:
            raise errors.nothing_written()
        text = PAGE_BREAK.join(self._pages)
        return ExtractedText(
            text=text,
            pages=self._spans(),
            media_type=self._media_type.value,
            page_count=len(self._pages),
            words=len(text.split()),
            needs_ocr=2 * len(pictured) > len(self._pages),
            ocr=bool(recognized),
            ocr_confidence=round(fmean(recognized)) if recognized else None,
            pages_without_text=tuple(sorted(pictured.union(textless))),
            engine=engine,
            layouts=tuple(self._layouts),
            tables=(*tables_of(self._cells), *self._tables),
        )

    def _spans(self) -> tuple[tuple[int, int], ...]:
        spans, start = [], 0
        for number, page in enumerate(self._pages, 1):
            last = number == len(self._pages)
            end = start + len(page) + (0 if last else len(PAGE_BREAK))
            spans.append((start, end))
            start = end
        return tuple(spans)
