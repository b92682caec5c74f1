"""Tables that are drawn: cells between the lines of a page."""

from __future__ import annotations

import ctypes
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from contracts_service.extraction.boxes import View
from contracts_service.extraction.layout import Box, Word
from contracts_service.extraction.tables import Cell

_NEAR = 30  # tenths of a point: lines so close are one
_SHORT = 80  # a line this short is a mark or a letter
_MOST_LINES = 600  # a drawing, not a table
_MOST_SEGMENTS = 20_000
_MOST_CELLS = 10_000
_LEAST = 2  # rows, and columns


class Line(NamedTuple):
    """From `start` to `end` along the page, `at` across it."""

    at: int
    start: int
    end: int


def lines_on(page: pdfium.PdfPage, view: View) -> tuple[list[Line], list[Line]]:
    """Level and upright lines of the page, merged; none of a page that is a drawing."""
    level: list[Line] = []
    upright: list[Line] = []
    for count, (x0, y0, x1, y1) in enumerate(_segments(page)):
        if count > _MOST_SEGMENTS:
            return [], []
        box = view.box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        if box.bottom - box.top <= _NEAR and box.right - box.left >= _SHORT:
            level.append(Line((box.top + box.bottom) // 2, box.left, box.right))
        elif box.right - box.left <= _NEAR and box.bottom - box.top >= _SHORT:
            upright.append(Line((box.left + box.right) // 2, box.top, box.bottom))
    level, upright = _merged(level), _merged(upright)
    return (level, upright) if len(level) + len(upright) <= _MOST_LINES else ([], [])


def _segments(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float]]:
    matrix = raw.FS_MATRIX()
    for at in range(raw.FPDFPage_CountObjects(page)):
        drawn = raw.FPDFPage_GetObject(page, at)
        if raw.FPDFPageObj_GetType(drawn) != raw.FPDF_PAGEOBJ_PATH:
            continue
        if not raw.FPDFPageObj_GetMatrix(drawn, matrix):
            continue
        yield from _of_path(drawn, matrix)


def _of_path(drawn: object, matrix: raw.FS_MATRIX) -> Iterator[tuple[float, float, float, float]]:
    x, y = ctypes.c_float(), ctypes.c_float()
    began = here = (0.0, 0.0)
    for at in range(raw.FPDFPath_CountSegments(drawn)):
        segment = raw.FPDFPath_GetPathSegment(drawn, at)
        if not raw.FPDFPathSegment_GetPoint(segment, x, y):
            continue
        there = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            began = there
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield (*here, *there)
        here = there
        if raw.FPDFPathSegment_GetClose(segment):
            yield (*here, *began)
            here = began


def _merged(lines: Iterable[Line]) -> list[Line]:
    """Those that touch, one behind the other or side by side, as one."""
    kept: list[Line] = []
    rows: list[list[Line]] = []
    for line in sorted(lines):
        if rows and line.at - rows[-1][0].at <= _NEAR:
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        at = row[len(row) // 2].at
        for line in sorted(row, key=lambda one: one.start):
            if kept and kept[-1].at == at and line.start <= kept[-1].end + _NEAR:
                kept[-1] = Line(at, kept[-1].start, max(kept[-1].end, line.end))
            else:
                kept.append(Line(at, line.start, line.end))
    return kept


def ruled_tables(
    level: Sequence[Line], upright: Sequence[Line], words: Sequence[Word], text: str, page: int
) -> list[list[Cell]]:
    """Tables of two rows and columns or more that lines part, with the words whose middle each cell holds."""
    return [
        cells
        for across, down in _joined(level, upright)
        if (cells := _cells(across, down, words, text, page))
    ]


def _joined(level: Sequence[Line], upright: Sequence[Line]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Lines that cross or meet, those of one drawing together."""
    groups = _Groups(len(level) + len(upright))
    for i, row in enumerate(level):
        for j, column in enumerate(upright):
            if (
                row.start - _NEAR <= column.at <= row.end + _NEAR
                and column.start - _NEAR <= row.at <= column.end + _NEAR
            ):
                groups.join(i, len(level) + j)
    for members in groups.all():
        yield (
            [level[i] for i in members if i < len(level)],
            [upright[i - len(level)] for i in members if i >= len(level)],
        )


def _cells(
    level: Sequence[Line], upright: Sequence[Line], words: Sequence[Word], text: str, page: int
) -> list[Cell]:
    ys, xs = sorted({line.at for line in level}), sorted({line.at for line in upright})
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < _LEAST or columns < _LEAST or rows * columns > _MOST_CELLS:
        return []
    groups = _unparted(level, upright, ys, xs)
    held: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        column = bisect_right(xs, (word.box.left + word.box.right) // 2) - 1
        row = bisect_left(ys, (word.box.top + word.box.bottom) // 2) - 1
        if 0 <= row < rows and 0 <= column < columns:
            held[groups.of(row * columns + column)].append(word)
    found = []
    for members in groups.all():
        top, bottom = members[0] // columns, members[-1] // columns
        sides = [one % columns for one in members]
        left, right = min(sides), max(sides)
        place = (top, left, bottom - top + 1, right - left + 1)
        box = Box(xs[left], ys[top], xs[right + 1], ys[bottom + 1])
        found.append(cell_of(held[groups.of(members[0])], text, page, place, box))
    written = [cell for cell in found if cell.text]
    filled = min(len({cell.row for cell in written}), len({cell.column for cell in written}))
    return found if filled >= _LEAST else []


def _unparted(level: Sequence[Line], upright: Sequence[Line], ys: list[int], xs: list[int]) -> _Groups:
    """Fields of the grid, counted along its rows, that no line parts: each group is a cell."""
    rows, columns = len(ys) - 1, len(xs) - 1
    groups = _Groups(rows * columns)
    for row, column in product(range(rows), range(columns)):
        here = row * columns + column
        if column and not _covered(upright, xs[column], (ys[row] + ys[row + 1]) // 2):
            groups.join(here - 1, here)
        if row and not _covered(level, ys[row], (xs[column] + xs[column + 1]) // 2):
            groups.join(here - columns, here)
    return groups


def cell_of(words: Sequence[Word], text: str, page: int, place: tuple[int, int, int, int], box: Box) -> Cell:
    """A cell at row, column, row span, column span, of these words of the page's text."""
    return Cell(
        *place,
        start=min((word.start for word in words), default=0),
        end=max((word.end for word in words), default=0),
        page=page,
        text=" ".join(text[word.start : word.end] for word in words),
        box=box,
    )


def _covered(lines: Iterable[Line], at: int, middle: int) -> bool:
    return any(line.at == at and line.start <= middle <= line.end for line in lines)


class _Groups:
    """Numbers from 0 that belong together."""

    def __init__(self, count: int) -> None:
        self._to = list(range(count))

    def of(self, one: int) -> int:
        while self._to[one] != one:
            self._to[one] = self._to[self._to[one]]
            one = self._to[one]
        return one

    def join(self, one: int, other: int) -> None:
        one, other = sorted((self.of(one), self.of(other)))
        self._to[other] = one

    def all(self) -> list[list[int]]:
        """Each group's members in order, groups by their first."""
        members: dict[int, list[int]] = defaultdict(list)
        for one in range(len(self._to)):
            members[self.of(one)].append(one)
        return list(members.values())
