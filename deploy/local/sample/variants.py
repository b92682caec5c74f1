"""Degraded siblings of the sample agreement, made on demand for tests; none of them is committed."""

from io import BytesIO

import pypdfium2
from PIL import Image

from sample import DOCUMENTS, SOURCES
from sample.model import (
    Block,
    Centered,
    Clause,
    Definition,
    DocumentHeading,
    Heading,
    Item,
    Note,
    Prose,
    Rich,
    Signatures,
    Subheading,
    Table,
)
from sample.parse import plain, read_document
from sample.render_pdf import render_pdf

PASSWORD = "wrenfield"  # noqa: S105 - opens nothing but the encrypted variant
_SCAN_DPI = 100
_POINTS_PER_INCH = 72


def scanned_pdf(pages: int = 3) -> bytes:
    """The first pages as grey images at 100 dpi: a PDF that shows text and holds none."""
    source = pypdfium2.PdfDocument(DOCUMENTS / "agreement.pdf")
    try:
        first, *rest = [_scan(source[index]) for index in range(min(pages, len(source)))]
    finally:
        source.close()
    buffer = BytesIO()
    first.save(buffer, "PDF", save_all=True, append_images=rest, resolution=_SCAN_DPI)
    return buffer.getvalue()


def pictured_pdf() -> bytes:
    """A page that shows a grey field and no word."""
    buffer = BytesIO()
    Image.linear_gradient("L").resize((850, 1100)).save(buffer, "PDF", resolution=_SCAN_DPI)
    return buffer.getvalue()


def encrypted_pdf() -> bytes:
    """The agreement behind PASSWORD: no reader opens it without."""
    return render_pdf(read_document(SOURCES / "agreement.txt"), password=PASSWORD)


def truncated_pdf() -> bytes:
    """The first 512 bytes of the agreement: a PDF by its mark, with no page that can be read."""
    return (DOCUMENTS / "agreement.pdf").read_bytes()[:512]


def plain_text(name: str = "agreement") -> str:
    """The words of a document as text, a blank line between blocks and a tab between cells."""
    document = read_document(SOURCES / f"{name}.txt")
    blocks = [_block_text(block) for block in document.blocks]
    return "\n\n".join(text for text in blocks if text) + "\n"


def _scan(page: pypdfium2.PdfPage) -> Image.Image:
    image: Image.Image = page.render(scale=_SCAN_DPI / _POINTS_PER_INCH).to_pil()
    return image.convert("L")


def _block_text(block: Block) -> str:
    match block:
        case Heading(number, title):
            return f"{number}\n{title}"
        case DocumentHeading(text) | Subheading(text):
            return text
        case Clause(number, caption, rich):
            return f"{number}  {caption} {plain(rich)}"
        case Item(label, rich):
            return f"{label} {plain(rich)}"
        case Definition(rich) | Prose(rich) | Note(rich) | Centered(rich):
            return plain(rich)
        case Table():
            return "\n".join(_row_text(row) for row in (block.header, *block.rows))
        case Signatures():
            return _signatures_text(block)
        case _:
            return ""


def _row_text(row: tuple[Rich, ...]) -> str:
    return "\t".join(plain(cell) for cell in row)


def _signatures_text(block: Signatures) -> str:
    blocks = (
        f"{one.party}, {one.role}\nBy: /s/ {one.name}\nName: {one.name}\nTitle: {one.title}"
        for one in block.signatories
    )
    return "\n\n".join((block.text, *blocks))
