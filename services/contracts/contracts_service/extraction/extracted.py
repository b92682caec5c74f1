"""The text of a document as it is stored: one string, its pages, and how it was read."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts_service.extraction.layout import PageLayout
from contracts_service.extraction.tables import Table


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
    # Mean of the words that were recognized, 0..100.
    ocr_confidence: int | None = None
    # Of formats that have pages with places; none for the others.
    layouts: tuple[PageLayout, ...] = ()
    tables: tuple[Table, ...] = ()

    def to_mapping(self) -> dict[str, object]:
        """As JSON has it."""
        layouts = [
            [page.number, page.width, page.height, base64.b64encode(page.words).decode()]
            for page in self.layouts
        ]
        plain = replace(self, layouts=(), tables=())
        return {**asdict(plain), "layouts": layouts, "tables": [table.to_list() for table in self.tables]}

    def to_json(self) -> str:
        """One JSON object, in UTF-8 safe characters."""
        return json.dumps(self.to_mapping(), ensure_ascii=False)

    @classmethod
    def from_json(cls, encoded: str | bytes) -> ExtractedText:
        """Read back what `to_json` wrote."""
        return cls.from_mapping(json.loads(encoded))

    @classmethod
    def from_mapping(cls, fields: dict[str, Any]) -> ExtractedText:
        """Build from decoded JSON, where tuples have become lists."""
        return cls(
            **fields
            | {
                "pages": tuple((start, end) for start, end in fields["pages"]),
                "pages_without_text": tuple(fields["pages_without_text"]),
                "layouts": tuple(
                    PageLayout(number, width, height, base64.b64decode(words))
                    for number, width, height, words in fields["layouts"]
                ),
                "tables": tuple(map(Table.from_list, fields["tables"])),
            }
        )
