"""The text of a document as it is stored: one string, its pages, and how it was read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import cast


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """Offsets count code points of `text`; `pages` are [start, end) and cover it in order.

    Pages are joined by a newline and a form feed, which belong to the page before.
    `pages_without_text` are page numbers from 1. `needs_ocr` says that most of the document
    is pictures of pages whose words nobody has read; `ocr` that some text was recognized.
    """

    text: str
    pages: tuple[tuple[int, int], ...]
    media_type: str
    page_count: int
    words: int
    needs_ocr: bool
    ocr: bool
    pages_without_text: tuple[int, ...]
    engine: str

    def to_json(self) -> str:
        """One JSON object, in UTF-8 safe characters."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, encoded: str | bytes) -> ExtractedText:
        """Read back what `to_json` wrote."""
        return cls.from_mapping(json.loads(encoded))

    @classmethod
    def from_mapping(cls, fields: dict[str, object]) -> ExtractedText:
        """Build from decoded JSON, where tuples have become lists."""
        pages = cast("list[tuple[int, int]]", fields.pop("pages"))
        textless = cast("list[int]", fields.pop("pages_without_text"))
        spans = tuple((start, end) for start, end in pages)
        return cls(pages=spans, pages_without_text=tuple(textless), **fields)  # type: ignore[arg-type]
