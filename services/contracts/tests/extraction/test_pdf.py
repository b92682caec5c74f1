"""PDF: real agreements word for word, scans told apart, locks, cuts and form fields."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from contracts_service.extraction.errors import DocumentRejected
from contracts_service.extraction.extracted import ExtractedText

Refusal = Callable[..., DocumentRejected]
Read = Callable[..., ExtractedText]
Build = Callable[..., bytes]

REAL = Path(__file__).resolve().parents[5] / "shared/data/contracts/energy"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="the real agreements are not on this machine")
_PLAIN_PUNCTUATION = str.maketrans("“”’–", '""\'-')


def _words(text: str) -> list[str]:
    return text.translate(_PLAIN_PUNCTUATION).split()


@needs_real
@pytest.mark.parametrize("name", ["bloom-moma-2012", "spi-solar-om-2011"])
def test_real_agreements_word_for_word(read: Read, name: str) -> None:
    extracted = read((REAL / f"{name}.pdf").read_bytes())
    assert sorted(_words(extracted.text)) == sorted(_words((REAL / f"{name}.txt").read_text()))
    assert not re.search(r"[\x00-\x08\x0b\x0e-\x1f\ufffe]", extracted.text)


@needs_real
def test_every_gold_quote_of_the_bloom_agreement_is_found(read: Read) -> None:
    text = " ".join(_words(read((REAL / "bloom-moma-2012.pdf").read_bytes()).text))
    gold = json.loads((REAL / "bloom-moma-2012.gold.json").read_text())
    quotes = [fact["quote"] for fact in gold["facts"] + gold["worked_examples"]]
    assert len(gold["facts"]) == 16
    assert [quote for quote in quotes if " ".join(_words(quote)) not in text] == []


def test_pages_cover_the_text_in_order(read: Read, pdf_of: Build) -> None:
    extracted = read(pdf_of(["Page one of the agreement", "ends here"], ["Page two of the agreement"]))
    assert [extracted.text[start:end] for start, end in extracted.pages] == [
        "Page one of the agreement\nends here\n\f",
        "Page two of the agreement",
    ]
    assert (extracted.page_count, extracted.words, extracted.engine) == (2, 12, "pdfium")


def test_a_user_password_locks_and_an_owner_password_does_not(
    read: Read, refusal: Refusal, pdf_of: Build
) -> None:
    locked = pdf_of(["secret terms"], encrypt=StandardEncryption("user", "owner", strength=128))
    printable_only = pdf_of(["open terms"], encrypt=StandardEncryption("", "owner", canCopy=0, strength=128))
    refused = refusal(locked)
    assert refused.reason == "DOCUMENT_ENCRYPTED"
    assert "password" in refused.message
    assert read(printable_only).text == "open terms"


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.995])
def test_a_cut_off_pdf_is_not_passed_for_the_whole(refusal: Refusal, pdf_of: Build, kept: float) -> None:
    whole = pdf_of(*([f"page {number} of the agreement"] for number in range(20)))
    assert refusal(whole[: int(len(whole) * kept)]).reason == "DOCUMENT_CORRUPT"


def test_a_cut_off_revision_does_not_pass_for_the_one_before(refusal: Refusal, pdf_of: Build) -> None:
    assert refusal(pdf_of(["first revision"]) + b"\n9 0 obj\n<</Type/Page").reason == "DOCUMENT_CORRUPT"


def test_a_filled_form_field_is_read(read: Read) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(72, 700, "The Buyer of this agreement is:")
    canvas.acroForm.textfield(name="buyer", value="Delmarva Power", x=300, y=690, width=200, height=20)
    canvas.save()
    assert "Delmarva Power" in read(buffer.getvalue()).text


def _scan(words: str = "") -> ImageReader:
    image = Image.new("L", (850, 1100), "white")
    ImageDraw.Draw(image).text((100, 100), words, fill="black", font_size=40)
    return ImageReader(image)


def _without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


def test_a_scan_needs_ocr(read: Read, pdf_of: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_ocr(monkeypatch)
    extracted = read(pdf_of(_scan(), _scan(), ["One page of this document is written"]))
    assert (extracted.needs_ocr, extracted.ocr, extracted.pages_without_text) == (True, False, (1, 2))


def test_one_scanned_page_among_written_ones_is_told(
    read: Read, pdf_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_ocr(monkeypatch)
    extracted = read(
        pdf_of(["This page of the agreement is written"], _scan(), ["So is this third page of it"])
    )
    assert (extracted.needs_ocr, extracted.pages_without_text) == (False, (2,))


def test_a_blank_pdf_is_empty(refusal: Refusal, pdf_of: Build) -> None:
    assert refusal(pdf_of([], [])).reason == "DOCUMENT_EMPTY"


@pytest.fixture
def stand_in_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program by that name, which reports the size and the darkness of the image it was sent."""
    program = tmp_path / "tesseract"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nheader, _, pixels = sys.stdin.buffer.read().partition(b' 255\\n')\n"
        "width, height = map(int, header.split()[1:])\nassert len(pixels) == width * height\n"
        "print('level page_num block_num par_num line_num word_num left top width height conf text')\n"
        "for at, word in enumerate(('recognized', width, height, 'dark' if min(pixels) < 64 else 'white')):\n"
        "    print(5, 1, 1, 1, 1, at + 1, 10 * at, 5, 9, 9, 91.5, word, sep='\\t')\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("stand_in_tesseract")
def test_a_scan_is_sent_to_tesseract_where_that_is_installed(read: Read, pdf_of: Build) -> None:
    extracted: ExtractedText = read(
        pdf_of(_scan("MASTER AGREEMENT"), ["This page of the agreement is written"])
    )
    assert extracted.text == "recognized 2481 3508 dark\n\fThis page of the agreement is written"
    assert (extracted.ocr, extracted.needs_ocr, extracted.pages_without_text) == (True, False, ())
    assert extracted.engine == "pdfium+tesseract"


@pytest.mark.usefixtures("stand_in_tesseract")
def test_recognition_is_bounded_in_pages_and_pixels(read: Read, pdf_of: Build) -> None:
    extracted = read(pdf_of(_scan("x"), _scan("x"), _scan("x")), ocr_pages=1, ocr_pixels=1_000_000)
    width, height = map(int, re.findall(r"\d+", extracted.text))
    assert width * height < 1_010_000
    assert (extracted.needs_ocr, extracted.ocr, extracted.pages_without_text) == (True, True, (2, 3))
