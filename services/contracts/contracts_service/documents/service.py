"""Takes a file in: received, hashed, read, stored, and only then acknowledged."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import grpc

from bloom.contracts.v1 import contract_pb2
from contracts_service.documents.model import Content, Document, Page
from contracts_service.extraction import errors as rejections
from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.isolate import extract
from contracts_service.extraction.layout import PageLayout, is_sure, unpack
from contracts_service.extraction.limits import Limits
from service_runtime.errors import DomainError, Reason
from service_runtime.identifiers import new_id


@dataclass(frozen=True, slots=True)
class Received:
    """A whole file on our disk, for as long as the `receiving` block lasts."""

    path: Path
    sha256: str
    size_bytes: int


@contextmanager
def receiving() -> Iterator[Path]:
    """A place for a file that is gone afterwards, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="bloom-upload-") as folder:
        yield Path(folder) / "document"


async def receive(pieces: AsyncIterator[bytes], path: Path, limit_bytes: int) -> Received:
    """Writes the pieces to `path`. Raises DOCUMENT_TOO_LARGE as soon as the limit is passed."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        async for piece in pieces:
            size += len(piece)
            if size > limit_bytes:
                raise refusal(rejections.too_many_bytes(limit_bytes))
            digest.update(piece)
            file.write(piece)
    return Received(path, digest.hexdigest(), size)


# Each reading process may take a core and a GiB; more at once would only make all of them slow.
_reading = asyncio.Semaphore(2)


async def read(received: Received, filename: str, declared_type: str, limit_bytes: int) -> ExtractedText:
    """The file's text, read in a process of its own. Raises DomainError with a DOCUMENT_… reason."""
    try:
        return await extract(
            received.path,
            filename=filename,
            declared_type=declared_type,
            limits=Limits(max_bytes=limit_bytes),
        )
    except DocumentRejected as rejected:
        raise refusal(rejected) from rejected


def describe(
    org_id: UUID, received: Received, filename: str, extracted: ExtractedText
) -> tuple[Document, Content]:
    """The rows that a file becomes."""
    document = Document(
        id=new_id(),
        sha256=received.sha256,
        filename=filename,
        media_type=extracted.media_type,
        size_bytes=received.size_bytes,
        object_key=f"{org_id}/{received.sha256}",
        page_count=extracted.page_count,
        word_count=extracted.words,
        text_state=_text_state(extracted),
        ocr_confidence=extracted.ocr_confidence,
    )
    layouts = {page.number: page for page in extracted.layouts} if extracted.ocr else {}
    pages = []
    for number, (start, end) in enumerate(extracted.pages, start=1):
        text = extracted.text[start:end]
        pages.append(Page(number, start, end, text, _unsure(layouts.get(number), text)))
    return document, Content(tuple(pages), extracted.layouts, extracted.tables)


def _unsure(layout: PageLayout | None, text: str) -> tuple[tuple[int, int], ...]:
    words = unpack(layout.words) if layout else ()
    return tuple(
        (word.start, word.end) for word in words if not is_sure(text[word.start : word.end], word.confidence)
    )


def refusal(rejected: DocumentRejected) -> DomainError:
    """What the caller is told about a file that is not taken."""
    reason = Reason.Value(f"ERROR_REASON_{rejected.reason}")
    return DomainError(grpc.StatusCode.INVALID_ARGUMENT, reason, rejected.message, rejected.metadata)


def _text_state(extracted: ExtractedText) -> int:
    if extracted.needs_ocr:
        return contract_pb2.TEXT_STATE_NEEDS_OCR
    return contract_pb2.TEXT_STATE_OCR if extracted.ocr else contract_pb2.TEXT_STATE_READY
