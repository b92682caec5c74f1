"""Builders of documents, sound and hostile, and the two ways to read one."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.isolate import extract
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.worker import read_document

Read = Callable[..., ExtractedText]
Refusal = Callable[..., DocumentRejected]
IsolatedRefusal = Callable[..., Awaitable[DocumentRejected]]
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTENT_TYPES = f"""<Types><Override PartName="/word/document.xml"
  ContentType="{MediaType.DOCX}.main+xml"/></Types>""".encode()
RELATIONSHIPS = b"""<Relationships><Relationship Id="a" Target="word/document.xml"
  Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>"""


@pytest.fixture
def read() -> Read:
    """Reads in this process."""

    def reader(data: bytes, *, filename: str = "", declared_type: str = "", **limits: int) -> ExtractedText:
        return read_document(data, filename=filename, declared_type=declared_type, limits=Limits(**limits))

    return reader


@pytest.fixture
def refusal(read: Read) -> Refusal:
    """Reads in this process what must be refused, and returns the refusal."""

    def refuse(data: bytes, **options: str | int) -> DocumentRejected:
        with pytest.raises(DocumentRejected) as caught:
            read(data, **options)
        return caught.value

    return refuse


@pytest.fixture
def isolated_refusal() -> IsolatedRefusal:
    """Extracts, in the confined process, what must be refused, and returns the refusal."""

    async def refuse(source: bytes | Path, *, limits: Limits | None = None) -> DocumentRejected:
        with pytest.raises(DocumentRejected) as caught:
            await extract(source, filename="", declared_type="", limits=limits)
        return caught.value

    return refuse


@pytest.fixture
def pdf_of() -> Callable[..., bytes]:
    """A PDF with these lines of text a page; an image in place of lines draws a scanned page."""

    def build(*pages: list[str] | ImageReader, encrypt: StandardEncryption | None = None) -> bytes:
        buffer = io.BytesIO()
        canvas = Canvas(buffer, encrypt=encrypt)
        for page in pages:
            if isinstance(page, ImageReader):
                canvas.drawImage(page, 0, 0, 595, 842)
            else:
                for row, line in enumerate(page):
                    canvas.drawString(72, 760 - 14 * row, line)
            canvas.showPage()
        canvas.save()
        return buffer.getvalue()

    return build


@pytest.fixture
def raw_pdf() -> Callable[[dict[int, bytes]], bytes]:
    """A PDF of these objects, number 1 being its catalogue, whatever nonsense they hold."""

    def build(objects: dict[int, bytes]) -> bytes:
        out, offsets = bytearray(b"%PDF-1.7\n"), {}
        for number, body in objects.items():
            offsets[number] = len(out)
            out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        table = b"".join(
            b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
            for number in range(max(objects) + 1)
        )
        trailer = b"xref\n0 %d\n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        return bytes(out) + trailer % (max(objects) + 1, table, max(objects) + 1, len(out))

    return build


@pytest.fixture
def page_pdf(raw_pdf: Callable[[dict[int, bytes]], bytes]) -> Callable[..., bytes]:
    """A one-page PDF with this deflated content stream."""

    def build(deflated: bytes, *, filters: bytes = b"/FlateDecode") -> bytes:
        page = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>"
        )
        return raw_pdf(
            {
                1: b"<</Type/Catalog/Pages 2 0 R>>",
                2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                3: page,
                4: b"<</Length %d/Filter %b>>\nstream\n%b\nendstream" % (len(deflated), filters, deflated),
                5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            }
        )

    return build


@pytest.fixture
def deflated() -> Callable[[bytes, int], bytes]:
    """`chunk`, `times` over, deflated without ever standing whole in memory."""

    def deflate(chunk: bytes, times: int) -> bytes:
        compressor = zlib.compressobj(9)
        return b"".join(compressor.compress(chunk) for _ in range(times)) + compressor.flush()

    return deflate


@pytest.fixture
def docx_of() -> Callable[..., bytes]:
    """A DOCX whose body is this XML; `parts` adds or replaces entries."""

    def build(
        body: str = "<w:p/>", *, document: bytes | None = None, parts: dict[str, bytes] | None = None
    ) -> bytes:
        wrapped = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode()
        entries = {
            "[Content_Types].xml": CONTENT_TYPES,
            "_rels/.rels": RELATIONSHIPS,
            "word/document.xml": document or wrapped,
            **(parts or {}),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
            for name, content in entries.items():
                package.writestr(name, content)
        return buffer.getvalue()

    return build
