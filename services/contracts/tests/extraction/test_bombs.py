"""Small files that unfold without end: each is refused for what it is, in bounded memory and time."""

from __future__ import annotations

import io
import resource
import struct
import zipfile
import zlib
from collections.abc import Awaitable, Callable

import pytest

from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.limits import Limits

IsolatedRefusal = Callable[..., Awaitable[DocumentRejected]]
Refusal = Callable[..., DocumentRejected]
Read = Callable[..., ExtractedText]
Build = Callable[..., bytes]

MIB = 2**20
TIGHT = Limits(memory_bytes=256 * MIB, cpu_seconds=5, wall_seconds=10)


async def _peak_growth_of_this_process(refuse: Awaitable[DocumentRejected]) -> tuple[str, int]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = await refuse
    return refused.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


@pytest.mark.parametrize("layers", [1, 2])
async def test_pdf_stream_that_explodes(
    isolated_refusal: IsolatedRefusal,
    page_pdf: Build,
    deflated: Build,
    layers: int,
) -> None:
    content = deflated(b" " * MIB, 600)
    filters = b"[" + b"/FlateDecode" * layers + b"]"
    bomb = page_pdf(content if layers == 1 else zlib.compress(content, 9), filters=filters)
    assert len(bomb) < MIB
    reason, growth = await _peak_growth_of_this_process(isolated_refusal(bomb, limits=TIGHT))
    assert reason == "DOCUMENT_BOMB"
    assert growth < 32 * MIB


async def test_pdf_forms_that_multiply(isolated_refusal: IsolatedRefusal, raw_pdf: Build) -> None:
    def form(number: int) -> bytes:
        content = zlib.compress(b"/X Do " * 10)
        resources = b"/Resources<</XObject<</X %d 0 R>>>>" % (number + 1)
        head = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%b/Length %d/Filter/FlateDecode>>"
        return head % (resources, len(content)) + b"\nstream\n" + content + b"\nendstream"

    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 4 0 R>>>>>>"
    head = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: page}
    refused = await isolated_refusal(raw_pdf({**head, **{n: form(n) for n in range(4, 14)}}), limits=TIGHT)
    assert refused.reason in ("DOCUMENT_BOMB", "DOCUMENT_TIMEOUT")


async def test_pdf_with_a_page_tree_that_never_ends(
    isolated_refusal: IsolatedRefusal, raw_pdf: Build
) -> None:
    catalogue = b"<</Type/Catalog/Pages 2 0 R>>"
    itself = raw_pdf({1: catalogue, 2: b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 4>>"})
    assert (await isolated_refusal(itself, limits=TIGHT)).reason == "DOCUMENT_CORRUPT"
    many = raw_pdf(
        {
            1: catalogue,
            2: b"<</Type/Pages/Kids[%b]/Count 3000>>" % (b"3 0 R " * 3_000),
            3: b"<</Type/Page/Parent 2 0 R>>",
        }
    )
    assert (await isolated_refusal(many, limits=TIGHT)).reason == "DOCUMENT_TOO_MANY_PAGES"


async def test_pdf_nested_without_end(isolated_refusal: IsolatedRefusal, raw_pdf: Build) -> None:
    nested = raw_pdf(
        {1: b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 200_000 + b">>", 2: b"<</Type/Pages/Kids[]/Count 0>>"}
    )
    assert (await isolated_refusal(nested, limits=TIGHT)).reason == "DOCUMENT_CORRUPT"


def test_text_out_of_proportion_to_its_file(refusal: Refusal, docx_of: Build, deflated: Build) -> None:
    row = "<w:p><w:r><w:t>" + "owner pays " * 60 + "</w:t></w:r></w:p>"
    refused = refusal(docx_of(row * 4_000), zip_ratio=10_000)
    assert (refused.reason, refused.metadata) == ("DOCUMENT_BOMB", {"detail": "text_ratio"})


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return buffer.getvalue()


def _detail(refused: DocumentRejected) -> tuple[str, str]:
    return refused.reason, refused.metadata["detail"]


def test_docx_that_inflates(refusal: Refusal, docx_of: Build) -> None:
    assert _detail(refusal(docx_of(parts={"word/media/a.bmp": bytes(20 * MIB)}))) == (
        "DOCUMENT_BOMB",
        "zip_ratio",
    )
    spread = {f"word/media/{number}.bmp": bytes(MIB) for number in range(30)}
    assert _detail(refusal(docx_of(parts=spread), zip_bytes=20 * MIB)) == ("DOCUMENT_BOMB", "zip_bytes")
    long_body = docx_of("<w:p/>" * 1_000)
    assert _detail(refusal(long_body, zip_part_bytes=5_000)) == ("DOCUMENT_BOMB", "zip_part_bytes")


def test_docx_of_thousands_of_entries(refusal: Refusal, docx_of: Build) -> None:
    entries = {f"word/{number}": b"" for number in range(6_000)}
    assert _detail(refusal(docx_of(parts=entries))) == ("DOCUMENT_BOMB", "zip_entries")


def test_docx_whose_entries_share_their_bytes(refusal: Refusal, docx_of: Build) -> None:
    """Every directory entry is pointed at the first local header."""
    package = bytearray(docx_of())
    at = package.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<L", package, at + 42, 0)
        at = package.find(b"PK\x01\x02", at + 1)
    assert _detail(refusal(bytes(package))) == ("DOCUMENT_BOMB", "zip_overlap")


def test_docx_whose_directory_understates_its_sizes(refusal: Refusal, docx_of: Build) -> None:
    package = bytearray(docx_of(f"<w:p><w:r><w:t>{'x' * 100_000}</w:t></w:r></w:p>"))
    at = package.rfind(b"PK\x01\x02")
    struct.pack_into("<L", package, at + 24, 100)
    assert refusal(bytes(package)).reason == "DOCUMENT_CORRUPT"


def test_archives_inside_a_docx_stay_closed(read: Read, docx_of: Build) -> None:
    nested = _zip({"inner.zip": _zip({"zeros": bytes(3 * MIB)})})
    body = "<w:p><w:r><w:t>Only this is read</w:t></w:r></w:p>"
    assert read(docx_of(body, parts={"word/embeddings/a.xlsx": nested})).text == "Only this is read"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_docx_with_a_document_type_declaration(refusal: Refusal, docx_of: Build, encoding: str) -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><x>&l9;</x>'
    assert _detail(refusal(docx_of(document=document.encode(encoding)))) == ("DOCUMENT_BOMB", "xml_doctype")


def test_docx_nested_without_end(refusal: Refusal, docx_of: Build) -> None:
    assert _detail(refusal(docx_of("<w:sdt>" * 3_000))) == ("DOCUMENT_BOMB", "xml_depth")


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.98])
def test_docx_cut_off(refusal: Refusal, docx_of: Build, kept: float) -> None:
    whole = docx_of("<w:p><w:r><w:t>The whole agreement</w:t></w:r></w:p>")
    assert refusal(whole[: int(len(whole) * kept)], filename="a.docx").reason == "DOCUMENT_CORRUPT"


async def test_html_nested_without_end_runs_out_of_time_not_of_patience(
    isolated_refusal: IsolatedRefusal,
) -> None:
    limits = Limits(cpu_seconds=1, wall_seconds=10)
    refused = await isolated_refusal(b"<html>" + b"<div>" * 400_000, limits=limits)
    assert (refused.reason, refused.metadata) == ("DOCUMENT_TIMEOUT", {"limit_seconds": "1"})


def test_too_many_pages_and_characters(refusal: Refusal) -> None:
    assert refusal(b"page\f" * 2_001).reason == "DOCUMENT_TOO_MANY_PAGES"
    assert refusal(b"word " * 300, max_characters=1_000).reason == "DOCUMENT_TOO_LARGE"
