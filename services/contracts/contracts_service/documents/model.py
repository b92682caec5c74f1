"""A document as this service holds it."""

from dataclasses import dataclass
from uuid import UUID

from contracts_service.extraction.layout import PageLayout
from contracts_service.extraction.tables import Table


@dataclass(frozen=True, slots=True)
class Document:
    """A file that came in. `sha256` is lower-case hex of its bytes, `text_state` a schema's TextState."""

    id: UUID
    sha256: str
    filename: str
    media_type: str
    size_bytes: int
    object_key: str
    page_count: int
    word_count: int
    text_state: int
    # Mean of the words that OCR read, 0..100; None where it read none.
    ocr_confidence: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the stored text; `char_start` and `char_end` are code points of the whole text.

    `unsure` are [start, end) within the page's text of words that OCR read too unsurely to prove anything.
    """

    number: int
    char_start: int
    char_end: int
    text: str
    unsure: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says, and where."""

    pages: tuple[Page, ...]
    layouts: tuple[PageLayout, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Touched:
    """A page, its place in the stored text, and where its words stand, if its format has places."""

    number: int
    char_start: int
    char_end: int
    layout: PageLayout | None
