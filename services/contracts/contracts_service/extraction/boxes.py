"""Where PDFium drew each word of a page's text."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Iterator

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from contracts_service.extraction.layout import TENTHS, Box, Word
from contracts_service.extraction.pages import words_in

LINE_HYPHEN = "\ufffe"
"""PDFium's sign for a hyphen at the end of a line, whose line end it swallows."""
_HYPHEN_CODE = 2  # the same sign, asked for by its place
_SCALE = 1_000  # of the device that coordinates are asked for, so that its whole numbers are fine enough


class View:
    """From a page's own coordinates to those of the page as it is shown: turned, cut, from the top left."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        width, height = page.get_size()
        self.size = (round(width * TENTHS), round(height * TENTHS))
        self._page = page
        origin, along, up = self._device(0, 0), self._device(1_000, 0), self._device(0, 1_000)
        self._origin = origin
        self._x = ((along[0] - origin[0]) / 1_000, (up[0] - origin[0]) / 1_000)
        self._y = ((along[1] - origin[1]) / 1_000, (up[1] - origin[1]) / 1_000)

    def _device(self, x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        width, height = self.size
        raw.FPDF_PageToDevice(self._page, 0, 0, width * _SCALE, height * _SCALE, 0, x, y, across, down)
        return across.value / _SCALE, down.value / _SCALE

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """The box as it is shown."""
        ends = (self._shown(left, bottom), self._shown(right, top))
        across, down = sorted(one[0] for one in ends), sorted(one[1] for one in ends)
        return Box(round(across[0]), round(down[0]), round(across[1]), round(down[1]))

    def _shown(self, x: float, y: float) -> tuple[float, float]:
        return (
            self._origin[0] + x * self._x[0] + y * self._x[1],
            self._origin[1] + x * self._y[0] + y * self._y[1],
        )


def words_on(
    textpage: pdfium.PdfTextPage, view: View, original: str, shown: str, page: str
) -> Iterator[Word]:
    """The words of `page`, the cleaned form of `shown`, which is `original` with its line hyphens spelled."""
    hyphens = [at + turn + 1 for turn, at in enumerate(_places(original))]
    for first, last, start, end in words_in(shown, page):
        box: Box | None = None
        for at in dict.fromkeys((first, last - 1)):
            one = _box(textpage, at - bisect_right(hyphens, at), original, view)
            box = box.around(one) if box and one else box or one
        if box and box.right > box.left and box.bottom > box.top:
            yield Word(start, end, box)


def _places(original: str) -> Iterator[int]:
    at = original.find(LINE_HYPHEN)
    while at >= 0:
        yield at
        at = original.find(LINE_HYPHEN, at + 1)


def _box(textpage: pdfium.PdfTextPage, at: int, original: str, view: View) -> Box | None:
    """Of one character of the text; none where PDFium counts otherwise than its text shows."""
    place = raw.FPDFText_GetCharIndexFromTextIndex(textpage, at)
    if place < 0 or raw.FPDFText_GetUnicode(textpage, place) not in (ord(original[at]), _HYPHEN_CODE):
        return None
    rect = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(textpage, place, rect):
        return None
    return view.box(rect.left, rect.bottom, rect.right, rect.top)
