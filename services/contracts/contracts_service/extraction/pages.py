"""Cleans the text of each page and joins the pages into the one stored string."""

from __future__ import annotations

import re
import unicodedata

from contracts_service.extraction import errors
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType

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


def clean(raw: str) -> str:
    """One page's text: NFC, LF line ends, plain spaces, nothing unseen, no run of blank lines."""
    text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", raw))
    # NFC also turns look-alikes into the real character: the Greek question mark is a semicolon.
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip("\n")


class PageCollector:
    """Gathers pages in order and refuses a document that grows beyond its limits."""

    def __init__(self, media_type: MediaType, limits: Limits, *, source_bytes: int) -> None:
        self._media_type = media_type
        self._limits = limits
        self._source_bytes = source_bytes
        self._pages: list[str] = []
        self._characters = 0

    def add(self, raw: str) -> str:
        """Append the next page; returns its cleaned text."""
        if len(self._pages) >= self._limits.max_pages:
            raise errors.too_many_pages(self._limits.max_pages)
        self._refuse_growth(len(raw))
        page = clean(raw)
        self._pages.append(page)
        self._characters += len(page) + len(PAGE_BREAK)
        return page

    def _refuse_growth(self, more: int) -> None:
        total = self._characters + more
        if total > max(self._limits.ratio_free_characters, self._limits.text_ratio * self._source_bytes):
            raise errors.bomb("text_ratio")
        if total > self._limits.max_characters:
            raise errors.too_many_characters(self._limits.max_characters)

    def result(
        self, *, engine: str, pictured: frozenset[int] = frozenset(), ocr: bool = False
    ) -> ExtractedText:
        """The stored text. `pictured` are pages (from 1) that show something but have no words.

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
            ocr=ocr,
            pages_without_text=tuple(sorted(pictured.union(textless))),
            engine=engine,
        )

    def _spans(self) -> tuple[tuple[int, int], ...]:
        spans, start = [], 0
        for number, page in enumerate(self._pages, 1):
            last = number == len(self._pages)
            end = start + len(page) + (0 if last else len(PAGE_BREAK))
            spans.append((start, end))
            start = end
        return tuple(spans)
