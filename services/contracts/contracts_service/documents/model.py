"""A document as this service holds it."""

from dataclasses import dataclass
from uuid import UUID


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


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the stored text; `char_start` and `char_end` are code points of the whole text."""

    number: int
    char_start: int
    char_end: int
    text: str
