"""Where words stand on a page: of files that spell them, and of pictures that Tesseract reads."""

import io
import re
from collections.abc import Callable

import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.layout import CERTAIN, Box, Word, pack, rectangles, unpack
from contracts_service.extraction.pages import clean, words_in

Read = Callable[..., ExtractedText]
PAGE = (595, 842)


def drawn(*words: tuple[float, float, str], rotate: int = 0) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=PAGE)
    for x, y, text in words:
        canvas.drawString(x, y, text)
    canvas.showPage()
    canvas.save()
    if not rotate:
        return buffer.getvalue()
    document, turned = pdfium.PdfDocument(buffer.getvalue()), io.BytesIO()
    document[0].set_rotation(rotate)
    document.save(turned)
    return turned.getvalue()


def words_of(extracted: ExtractedText, page: int = 1) -> dict[str, Word]:
    start = extracted.pages[page - 1][0]
    found = list(unpack(extracted.layouts[page - 1].words))
    return {extracted.text[start + word.start : start + word.end]: word for word in found}


def near(box: Box, left: float, top: float) -> bool:
    """Points from the top left; a font's height of room."""
    return abs(box.left / 10 - left) < 3 and abs(box.top / 10 - top) < 14


def test_words_stand_where_they_are_drawn(read: Read) -> None:
    extracted = read(drawn((72, 700, "Capacity Payment"), (300, 100, "Schedule")))
    words = words_of(extracted)
    assert list(words) == ["Capacity", "Payment", "Schedule"]
    assert near(words["Capacity"].box, 72, 842 - 700)
    assert near(words["Schedule"].box, 300, 842 - 100)
    assert {word.confidence for word in words.values()} == {CERTAIN}
    assert (extracted.layouts[0].width, extracted.layouts[0].height) == (5950, 8420)


def test_a_turned_page_is_told_as_it_is_shown(read: Read) -> None:
    extracted = read(drawn((72, 700, "Capacity"), rotate=90))
    box = words_of(extracted)["Capacity"].box
    assert (extracted.layouts[0].width, extracted.layouts[0].height) == (8420, 5950)
    assert box.bottom - box.top > box.right - box.left
    assert abs(box.left / 10 - 700) < 14
    assert abs(box.top / 10 - 72) < 3


@pytest.mark.parametrize("text", ["a\u200bb c\u00adontract  \u00a0x", "e\u0301t\u00e9 \u212b unit\u0327"])
def test_cleaning_moves_no_word(read: Read, text: str) -> None:
    extracted = read(drawn((72, 700, "first"), (72, 650, text), (72, 600, "last one")))
    words = words_of(extracted)
    assert near(words["last"].box, 72, 842 - 600)
    assert set(words) <= set(extracted.text.split())


@given(st.text(st.characters() | st.sampled_from(" \t\n\u200b\u00a0\u0301\ufde0\ufde1\u2028\x85")))
def test_every_word_is_found_again(raw: str) -> None:
    cleaned = clean(raw)
    places = list(words_in(raw, cleaned))
    assert [cleaned[start:end] for *_raw, start, end in places] == [
        clean(raw[first:last]) for first, last, *_cleaned in places
    ]
    assert [cleaned[start:end] for *_raw, start, end in places] == re.findall(r"[^ \t\n]+", cleaned)


def scan(*lines: str, noise: int = 0) -> ImageReader:
    image = Image.new("L", (1240, 1754), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=32)
    for row, line in enumerate(lines):
        pen.text((150, 150 + 60 * row), line, fill="black", font=font)
    if noise:
        pen.line((150, 166, 1100, 166), fill="black", width=noise)
    return ImageReader(image)


def test_tesseract_reads_a_scan_word_by_word(read: Read, pdf_of: Callable[..., bytes]) -> None:
    extracted = read(
        pdf_of(
            scan("The Energy Price is $0.0950 per kWh", "for a term of ten years"), ["A page that is written"]
        )
    )
    first = extracted.text[: extracted.pages[0][1]].split()
    assert " ".join(first) == "The Energy Price is $0.0950 per kWh for a term of ten years"
    assert (extracted.ocr, extracted.engine) == (True, "pdfium+tesseract")
    word = words_of(extracted)["Energy"]
    assert 0 < word.confidence <= 100
    # As in the image, of 1,240 pixels for 595 points.
    assert near(word.box, (150 + 65) * 595 / 1240, 150 * 595 / 1240)
    assert words_of(extracted, 2)["written"].confidence == CERTAIN


def test_what_is_struck_through_is_read_with_less_confidence(
    read: Read, pdf_of: Callable[..., bytes]
) -> None:
    line = "Capacity charge 12.50"
    clear, struck = read(pdf_of(scan(line), scan(line, line, noise=5))).layouts
    least = min(word.confidence for word in unpack(clear.words))
    assert min((word.confidence for word in unpack(struck.words)), default=0) < least


def test_rectangles_follow_lines_and_parts_of_words() -> None:
    words = [Word(0, 4, Box(0, 0, 40, 10)), Word(5, 9, Box(50, 1, 90, 11)), Word(10, 14, Box(0, 20, 40, 30))]
    assert rectangles(words, 0, 14) == [Box(0, 0, 90, 11), Box(0, 20, 40, 30)]
    assert rectangles(words, 2, 6) == [Box(20, 0, 60, 11)]
    assert rectangles(words, 4, 5) == []
    assert list(unpack(pack(words))) == words
    assert list(unpack(pack([]))) == []
