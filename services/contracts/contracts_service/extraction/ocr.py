"""Recognizes the words on a scanned page with Tesseract, where that program is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial

import pypdfium2 as pdfium

from contracts_service.extraction.confine import die_with_parent
from contracts_service.extraction.limits import Limits

_POINTS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class Recognizer:
    """The Tesseract program at `executable`."""

    executable: str

    def recognize(self, page: pdfium.PdfPage, limits: Limits, *, seconds: float) -> str:
        """The words of one page, or "" when they cannot be had within `seconds`."""
        try:
            finished = subprocess.run(
                [self.executable, "stdin", "stdout", "--dpi", str(limits.ocr_dpi)],
                input=_greymap(page, limits),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=True,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
                preexec_fn=partial(die_with_parent, os.getpid()),  # safe: this process has one thread
            )
        except (subprocess.SubprocessError, OSError):
            return ""
        return finished.stdout[: limits.max_characters].decode("utf-8", "replace").replace("\f", "\n")


def find_recognizer() -> Recognizer | None:
    """Tesseract from the search path, or None."""
    executable = shutil.which("tesseract")
    return Recognizer(executable) if executable else None


def _greymap(page: pdfium.PdfPage, limits: Limits) -> bytes:
    """The page as a PGM image, at the wanted resolution unless that is too many pixels."""
    width, height = page.get_size()
    scale = limits.ocr_dpi / _POINTS_PER_INCH
    scale = min(scale, (limits.ocr_pixels / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = memoryview(bitmap.buffer).cast("B")
    rows = (pixels[row * bitmap.stride :][: bitmap.width] for row in range(bitmap.height))
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + b"".join(rows)
