"""PDF to text with PDFium: each page's lines in reading order, form fields filled in, scans told apart."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import reduce

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from contracts_service.extraction import errors
from contracts_service.extraction.aligned import aligned_tables
from contracts_service.extraction.boxes import LINE_HYPHEN, View, words_on
from contracts_service.extraction.extracted import ExtractedText
from contracts_service.extraction.layout import Box, Word
from contracts_service.extraction.limits import Limits
from contracts_service.extraction.media import MediaType
from contracts_service.extraction.ocr import Recognized, Recognizer, find_recognizer
from contracts_service.extraction.pages import PageCollector, words_in
from contracts_service.extraction.ruled import lines_on, ruled_tables
from contracts_service.extraction.tables import Cell

_END = b"%%EOF"
_OBJECT = re.compile(rb"\d+ \d+ obj\b")
_LINEARIZED = re.compile(rb"/Linearized\b.{0,200}?/L\s+(\d+)|/L\s+(\d+).{0,200}?/Linearized\b", re.DOTALL)
_SCAN_LETTERS = 25
"""A page with fewer letters and digits than this, and an image, is a picture of a page."""


def read_pdf(data: bytes, limits: Limits) -> ExtractedText:
    """Read a PDF; raises `DocumentRejected` when locked, broken, cut off, blank or beyond a limit."""
    with _opened(data) as document:
        if len(document) > limits.max_pages:
            raise errors.too_many_pages(limits.max_pages)
        _refuse_cut_off(data)
        return _PdfReading(document, limits, source_bytes=len(data)).read()


@contextmanager
def _opened(data: bytes) -> Iterator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(data)
        if len(document) == 0:
            raise errors.corrupt("PDF", detail="no_pages")
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise errors.encrypted("PDF") from error
        raise errors.corrupt("PDF") from error
    try:
        yield document
    finally:
        document.close()


def _refuse_cut_off(data: bytes) -> None:
    """PDFium repairs what it can: half a contract, or the revision before last, would pass for the whole."""
    end = data.rfind(_END)
    linearized = _LINEARIZED.search(data[:2_048])
    length = int(linearized.group(1) or linearized.group(2)) if linearized else 0
    if end < 0 or len(data) < length or _OBJECT.search(data, end):
        raise errors.corrupt("PDF", detail="cut_off")


class _PdfReading:
    """The reading of one document, page after page."""

    def __init__(self, document: pdfium.PdfDocument, limits: Limits, *, source_bytes: int) -> None:
        self._document = document
        self._limits = limits
        self._collector = PageCollector(MediaType.PDF, limits, source_bytes=source_bytes)
        self._recognizer: Recognizer | None = find_recognizer()
        self._ocr_until = time.monotonic() + limits.ocr_seconds
        self._recognized = 0
        self._confidences: list[int] = []
        self._pictured: set[int] = set()

    def read(self) -> ExtractedText:
        for index in range(len(self._document)):
            self._read_page(index)
        return self._collector.result(
            engine="pdfium+tesseract" if self._recognized else "pdfium",
            pictured=frozenset(self._pictured),
            recognized=self._confidences,
        )

    def _read_page(self, index: int) -> None:
        with _page(self._document, index) as page, _textpage(page) as textpage:
            original = _text_of(textpage)
            text = original.replace(LINE_HYPHEN, "-\n").replace("\f", "\n")
            if _is_scan(page, text):
                recognized = self._recognize(page)
                if recognized.text:
                    self._recognized += 1
                    self._place_recognized(page, recognized)
                    return
                self._pictured.add(index + 1)
            cleaned = self._collector.add(text)
            view = View(page)
            words = list(words_on(textpage, view, original, text, cleaned))
            self._place(page, view, words, cleaned)

    def _place_recognized(self, page: pdfium.PdfPage, recognized: Recognized) -> None:
        cleaned = self._collector.add(recognized.text)
        seen = {first: (start, end) for first, _last, start, end in words_in(recognized.text, cleaned)}
        words, at = [], 0
        for spelled, box, confidence in recognized.words:
            at = recognized.text.index(spelled, at)
            if at in seen:
                words.append(Word(*seen[at], box, confidence))
            at += len(spelled)
            self._confidences.append(confidence)
        self._place(page, View(page), words, cleaned)

    def _place(self, page: pdfium.PdfPage, view: View, words: list[Word], cleaned: str) -> None:
        number = self._collector.page_count
        level, upright = lines_on(page, view)
        ruled = ruled_tables(level, upright, words, cleaned, number)
        drawn = [_around(cells) for cells in ruled]
        free = [word for word in words if not any(_holds(box, word.box) for box in drawn)]
        self._collector.place(view.size, words, [*ruled, *aligned_tables(free, cleaned, number)])

    def _recognize(self, page: pdfium.PdfPage) -> Recognized:
        seconds = self._ocr_until - time.monotonic()
        if self._recognizer is None or self._recognized >= self._limits.ocr_pages or seconds <= 0:
            return Recognized("", ())
        return self._recognizer.recognize(page, self._limits, seconds=seconds)


def _around(cells: Sequence[Cell]) -> Box:
    return reduce(Box.around, (cell.box for cell in cells if cell.box))


def _holds(box: Box, word: Box) -> bool:
    across, down = (word.left + word.right) // 2, (word.top + word.bottom) // 2
    return box.left <= across <= box.right and box.top <= down <= box.bottom


@contextmanager
def _page(document: pdfium.PdfDocument, index: int) -> Iterator[pdfium.PdfPage]:
    try:
        page = document[index]
        if document.formenv is not None:
            # What was typed into a form field is drawn beside the page: flatten it into the page.
            raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
            page.close()
            page = document[index]
    except pdfium.PdfiumError as error:
        raise errors.corrupt("PDF", detail=f"page {index + 1}") from error
    try:
        yield page
    finally:
        page.close()


@contextmanager
def _textpage(page: pdfium.PdfPage) -> Iterator[pdfium.PdfTextPage]:
    try:
        textpage = page.get_textpage()
    except pdfium.PdfiumError as error:
        raise errors.corrupt("PDF", detail="page_text") from error
    try:
        yield textpage
    finally:
        textpage.close()


def _text_of(textpage: pdfium.PdfTextPage) -> str:
    text: str = textpage.get_text_range(errors="replace") if textpage.count_chars() > 0 else ""
    return text


def _is_scan(page: pdfium.PdfPage, text: str) -> bool:
    """Something is drawn here, but next to nothing written: a picture, or letters drawn as shapes."""
    letters = sum(character.isalnum() for character in text)
    if letters >= _SCAN_LETTERS:
        return False
    objects = raw.FPDFPage_CountObjects(page)
    kinds = {raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page, at)) for at in range(min(objects, 1_000))}
    return raw.FPDF_PAGEOBJ_IMAGE in kinds or (letters == 0 and objects > 0)
