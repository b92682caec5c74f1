"""Finds a quote that does not stand word for word: with a page's header between, or misread by a scanner.

What is found so is shown to a person. It proves nothing.
"""

from collections.abc import Iterator

from contracts_service.evidence.model import DocumentText, Evidence
from contracts_service.evidence.normalize import normalize
from contracts_service.evidence.skeleton import skeleton

#: Shorter, and something else would be found.
_MIN_LETTERS = 16


def across_pages(document: DocumentText, key: str) -> tuple[Evidence, ...]:
    """The passages, one for each page, of a quote with headers and footers between them; none where it does
    not stand so."""
    if len(document.pages) < 2 or not document.running_lines:
        return ()
    joined = document.joined_normalized
    place = joined.key.text.find(key)
    if place < 0:
        return ()
    origin = joined.stored.origin(*joined.key.origin(place, place + len(key)))
    return passages(document, *document.joined.origin(*origin))


def misread(document: DocumentText, quote: str) -> tuple[Evidence, ...]:
    """The passage that differs from the quote as a scanner's reading differs from the print; or none."""
    sought = skeleton(normalize(quote).text).text
    place = document.skeleton.text.find(sought) if len(sought) >= _MIN_LETTERS else -1
    if place < 0:
        return ()
    origin = document.skeleton.origin(place, place + len(sought))
    return passages(document, *document.normalized.stored.origin(*origin))


def passages(document: DocumentText, start: int, end: int) -> tuple[Evidence, ...]:
    """[start, end) of the stored text as evidence, page by page, headers and footers left out."""
    pieces: list[tuple[int, int]] = []
    for page in document.pages:
        within = max(start, page[0]), min(end, page[1])
        if within[0] < within[1]:
            pieces += _less(document.running_lines, *within)
    stripped = (_stripped(document.text, *piece) for piece in pieces)
    return tuple(Evidence.at(document, *piece) for piece in stripped if piece[0] < piece[1])


def _less(lines: tuple[tuple[int, int], ...], start: int, end: int) -> Iterator[tuple[int, int]]:
    for line_start, line_end in lines:
        if start < line_end and line_start < end:
            yield start, max(start, line_start)
            start = min(end, line_end)
    yield start, end


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
