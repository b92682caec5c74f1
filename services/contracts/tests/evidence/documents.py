"""Small documents for tests, and claims about them in one line."""

from contracts_service.evidence import Claim, DocumentText, ExtractedValue, verify_claim
from contracts_service.fields import AnswerState


def document(*pages: str) -> DocumentText:
    """A document of these pages, joined as the extractor joins them."""
    spans: list[tuple[int, int]] = []
    text = ""
    for i, page in enumerate(pages):
        start = len(text)
        text += page + ("\n\f" if i + 1 < len(pages) else "")
        spans.append((start, len(text)))
    return DocumentText(text, tuple(spans), "document-1", "0" * 64)


def check(
    text: str | DocumentText,
    field: str,
    value: str,
    unit: str,
    quote: str | None = None,
    state: AnswerState = AnswerState.FOUND,
) -> ExtractedValue:
    """What becomes of one claim; the quote is the whole text where none is given."""
    where = document(text) if isinstance(text, str) else text
    words = where.text.strip() if quote is None else quote
    return verify_claim(where, Claim(field, state, value, unit, words))
