"""Where a quote stands in a document: every occurrence, as whole words and whole numbers."""

import re
from dataclasses import dataclass

from contracts_service.evidence.model import DocumentText, Evidence
from contracts_service.evidence.nearly import across_pages, misread, passages
from contracts_service.evidence.normalize import fold, quote_key
from contracts_service.evidence.reasons import Reason

MIN_CHARACTERS = 8
MIN_WORDS = 2
#: Longer than any clause that states one value; it bounds the work an answer can ask for.
MAX_CHARACTERS = 2_000
#: A phrase that stands more often than this proves nothing in particular.
MAX_OCCURRENCES = 32
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Place:
    """An occurrence: [start, end) in the normalised text; `exact` unless only the case differs."""

    start: int
    end: int
    exact: bool

    def evidence(self, document: DocumentText) -> Evidence:
        """The passage of the stored text."""
        return Evidence.at(document, *document.normalized.stored.origin(self.start, self.end))

    def passages(self, document: DocumentText) -> tuple[Evidence, ...]:
        """The passage of the stored text; where it crosses pages one for each, without their headers."""
        if not self.crosses_page(document):
            return (self.evidence(document),)
        return passages(document, *document.normalized.stored.origin(self.start, self.end))

    def is_unsure(self, document: DocumentText) -> bool:
        """Whether OCR read a word of it too unsurely."""
        return document.is_unsure(*document.normalized.stored.origin(self.start, self.end))

    def crosses_page(self, document: DocumentText) -> bool:
        """Whether the passage starts on one page and ends on another."""
        start, end = document.normalized.stored.origin(self.start, self.end)
        return document.page_at(start) != document.page_at(end - 1)


@dataclass(frozen=True, slots=True)
class Located:
    """The places of a quote, or the reason why there is none, and what a person may then look at."""

    places: tuple[Place, ...]
    reason: Reason | None = None
    nearly: tuple[Evidence, ...] = ()


def locate(document: DocumentText, quote: str) -> Located:
    """Finds `quote` in the document, in its own case first."""
    key = quote_key(quote)
    if len(key) < MIN_CHARACTERS or len(_WORDS.findall(key)) < MIN_WORDS:
        return Located((), Reason.QUOTE_TOO_SHORT)
    if len(key) > MAX_CHARACTERS:
        return Located((), Reason.QUOTE_TOO_LONG)
    spans = _spans(document.normalized.key.text, key)
    exact = bool(spans)
    if not exact:
        spans = _spans(document.normalized.folded_key, fold(key))
    if not spans:
        return _nearly(document, quote, key)
    return _whole(document, spans, exact=exact)


def _nearly(document: DocumentText, quote: str, key: str) -> Located:
    if crossing := across_pages(document, key):
        return Located((), Reason.CROSSES_PAGE, crossing)
    if similar := misread(document, quote):
        return Located((), Reason.QUOTE_NOT_EXACT, similar)
    return Located((), Reason.QUOTE_NOT_FOUND)


def _spans(text: str, key: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    place = text.find(key)
    while place >= 0 and len(spans) < MAX_OCCURRENCES:
        spans.append((place, place + len(key)))
        place = text.find(key, place + len(key))
    return spans


def _whole(document: DocumentText, spans: list[tuple[int, int]], *, exact: bool) -> Located:
    normalized = document.normalized
    places = (Place(*normalized.key.origin(start, end), exact=exact) for start, end in spans)
    whole = tuple(place for place in places if not is_cut(normalized.text, place.start, place.end))
    if not whole:
        return Located((), Reason.QUOTE_CUT)
    sure = tuple(place for place in whole if not place.is_unsure(document))
    if not sure:
        return Located((), Reason.SCAN_UNSURE, whole[0].passages(document))
    return Located(sure)


def is_cut(text: str, start: int, end: int) -> bool:
    """Whether [start, end) begins or ends within a word or a number ("5%" of "1.5%")."""
    return _joins(text, start) or _joins(text, end)


def _joins(text: str, edge: int) -> bool:
    before, after = text[max(0, edge - 2) : edge], text[edge : edge + 2]
    if not before or not after:
        return False
    if _is_word(before[-1]) and _is_word(after[0]):
        return True
    digits_then_mark = before[-1].isdigit() and re.match(r"[.,/]\d", after)
    mark_then_digits = re.search(r"\d[.,/]$", before) and after[0].isdigit()
    return bool(digits_then_mark or mark_then_digits)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
