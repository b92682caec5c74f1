"""Which reader takes which type; each is loaded only when its type has come."""

from __future__ import annotations

from collections.abc import Callable

from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType

Engine = Callable[[bytes, Limits], ExtractedText]


def engine_for(media_type: MediaType) -> Engine:
    """The reader for `media_type`; it raises `DocumentRejected` for a document it refuses."""
    match media_type:
        case MediaType.PDF:
            from contracts_service.extraction.pdf import read_pdf

            return read_pdf
        case MediaType.DOCX:
            from contracts_service.extraction.docx import read_docx

            return read_docx
        case MediaType.HTML:
            from contracts_service.extraction.html import read_html

            return read_html
        case MediaType.PLAIN:
            from contracts_service.extraction.plain import read_plain

            return read_plain
