"""The stored text of a document as the verifier reads it."""

from collections.abc import Sequence

from contracts_service import names
from contracts_service.documents.model import Document, Page
from contracts_service.evidence import DocumentText


def assemble(document: Document, pages: Sequence[Page]) -> DocumentText:
    """All pages, joined as they were stored."""
    return DocumentText(
        text="".join(page.text for page in pages),
        pages=tuple((page.char_start, page.char_end) for page in pages),
        document_id=names.document(document.id),
        sha256=document.sha256,
        unsure=tuple(
            (page.char_start + start, page.char_start + end) for page in pages for start, end in page.unsure
        ),
    )
