"""Plain text to pages: each form feed begins the next one."""

from __future__ import annotations

from contracts_service.extraction.decoding import decode
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.pages import PageCollector


def read_plain(data: bytes, limits: Limits) -> ExtractedText:
    """Read a text file; raises `DocumentRejected` when it is blank or beyond a limit."""
    collector = PageCollector(MediaType.PLAIN, limits, source_bytes=len(data))
    for page in _pages_of(decode(data)):
        collector.add(page)
    return collector.result(engine="plain")


def _pages_of(text: str) -> list[str]:
    pages = text.split("\f")
    # Printers end the last page with a form feed too: it begins no page.
    return pages[:-1] if len(pages) > 1 and not pages[-1].strip("\x1a\r\n\t ") else pages
