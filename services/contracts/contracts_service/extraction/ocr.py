"""Recognizes the words on a scanned page with Tesseract, where that program is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial

import pypdfium2 as pdfium

from contracts_service.extraction.confine import die_with_parent
from contracts_service.extraction.layout import TENTHS, Box
from contracts_service.extraction.limits import Limits

_POINTS_PER_INCH = 72
_COLUMNS = 12  # of Tesseract's table: level, page, block, paragraph, line, word, box, confidence, text
_OF_A_WORD = "5"


@dataclass(frozen=True, slots=True)
class Recognized:
    """What stands on a page: each word of `text`, in order, with its box and a confidence of 0..100."""

    text: str
    words: tuple[tuple[str, Box, int], ...]


@dataclass(frozen=True, slots=True)
class Recognizer:
    """The Tesseract program at `executable`."""

    executable: str

    def recognize(self, page: pdfium.PdfPage, limits: Limits, *, seconds: float) -> Recognized:
        """The words of one page; none when they cannot be had within `seconds`."""
        image, scale = _greymap(page, limits)
        try:
            finished = subprocess.run(
                [self.executable, "stdin", "stdout", "--dpi", str(limits.ocr_dpi), "tsv"],
                input=image,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=True,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                preexec_fn=partial(die_with_parent, os.getpid()),  # safe: this process has one thread
            )
        except (subprocess.SubprocessError, OSError):
            return Recognized("", ())
        return _read(finished.stdout.decode("utf-8", "replace"), scale)


def find_recognizer() -> Recognizer | None:
    """Tesseract from the search path, or None."""
    executable = shutil.which("tesseract")
    return Recognizer(executable) if executable else None


def _read(table: str, scale: float) -> Recognized:
    """Lines as they stand, an empty one between paragraphs. `scale` is pixels per point."""
    parts: list[str] = []
    words: list[tuple[str, Box, int]] = []
    before: list[str] | None = None
    for row in table.splitlines()[1:]:
        fields = row.split("\t")
        if len(fields) != _COLUMNS or fields[0] != _OF_A_WORD or not (word := "".join(fields[11].split())):
            continue
        here = fields[2:5]  # block, paragraph, line
        if before is not None:
            parts.append(" " if here == before else "\n" if here[:2] == before[:2] else "\n\n")
        before = here
        left, top, width, height = (round(int(pixels) * TENTHS / scale) for pixels in fields[6:10])
        parts.append(word)
        box = Box(left, top, left + max(width, 1), top + max(height, 1))
        words.append((word, box, max(0, int(float(fields[10])))))
    return Recognized("".join(parts), tuple(words))


def _greymap(page: pdfium.PdfPage, limits: Limits) -> tuple[bytes, float]:
    """The page as a PGM image, at the wanted resolution unless that is too many pixels; pixels per point."""
    width, height = page.get_size()
    scale = limits.ocr_dpi / _POINTS_PER_INCH
    scale = min(scale, (limits.ocr_pixels / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = (pixels[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + b"".join(rows), scale
