"""Tables that nobody drew: lines of a page whose words stand in columns, most of them figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from contracts_service.extraction.layout import Box, Word
from contracts_service.extraction.ruled import cell_of
from contracts_service.extraction.tables import Cell

_FIGURE = re.compile(
    r"[($€£¥]*[-–]?[$€£¥]?\s?\d[\d,.]*\s?(?:%|[¢)]|kWh?|MWh?|years?)*|\[\s?\*+\s?\]|[-–—]|n/?a", re.IGNORECASE
)
# Of a line's height: what parts two columns, and how far the next line of a table is away.
_GAP, _NEXT = 1.0, 2.5
_LEAST_ROWS, _FIGURES = 3, 0.6

_Line = list[list[Word]]  # runs of words, from left to right


def aligned_tables(words: Sequence[Word], text: str, page: int) -> list[list[Cell]]:
    """Three lines or more, one under the other, of two columns or more, one of which holds figures."""
    tables = (_table(run, text, page) for run in _runs([_parted(line) for line in _lines(words)]))
    return [cells for cells in tables if cells]


def _lines(words: Sequence[Word]) -> list[list[Word]]:
    """Words side by side."""
    lines: list[list[Word]] = []
    for word in sorted(words, key=lambda one: (one.box.top + one.box.bottom, one.box.left)):
        middle = (word.box.top + word.box.bottom) // 2
        if lines and lines[-1][0].box.top < middle < lines[-1][0].box.bottom:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.box.left) for line in lines]


def _parted(line: list[Word]) -> _Line:
    height = max(word.box.bottom - word.box.top for word in line)
    runs = [[line[0]]]
    for before, word in pairwise(line):
        if word.box.left - before.box.right > _GAP * height:
            runs.append([word])
        else:
            runs[-1].append(word)
    return runs


def _runs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    run: list[_Line] = []
    for line in lines:
        box = line[0][0].box
        if run and (len(line) < 2 or box.top - run[-1][0][0].box.bottom > _NEXT * (box.bottom - box.top)):
            yield run
            run = []
        if len(line) > 1:
            run.append(line)
    if run:
        yield run


def _table(lines: Sequence[_Line], text: str, page: int) -> list[Cell]:
    if len(lines) < _LEAST_ROWS:
        return []
    usual, often = Counter(map(len, lines)).most_common(1)[0]
    columns = _columns([_box(run) for line in lines if len(line) == usual for run in line])
    if often < _LEAST_ROWS or len(columns) != usual:
        return []
    cells = [
        cell_of(run, text, page, (row, first, 1, last - first + 1), _box(run))
        for row, line in enumerate(lines)
        for run in line
        for first, last in [_within(columns, _box(run))]
    ]
    for column in range(1, usual):
        said = [cell.text for cell in cells if cell.column == column]
        if sum(bool(_FIGURE.fullmatch(one)) for one in said) >= _FIGURES * len(lines):
            return cells
    return []


def _columns(boxes: Sequence[Box]) -> list[tuple[int, int]]:
    columns: list[tuple[int, int]] = []
    for box in sorted(boxes, key=attrgetter("left")):
        if columns and box.left <= columns[-1][1]:
            columns[-1] = (columns[-1][0], max(columns[-1][1], box.right))
        else:
            columns.append((box.left, box.right))
    return columns


def _within(columns: Sequence[tuple[int, int]], box: Box) -> tuple[int, int]:
    """The first and the last column that the box reaches; the next one to its left where it reaches none."""
    reached = [at for at, (left, right) in enumerate(columns) if left <= box.right and box.left <= right]
    if reached:
        return reached[0], reached[-1]
    before = max((at for at, (left, _right) in enumerate(columns) if left < box.left), default=0)
    return before, before


def _box(run: Sequence[Word]) -> Box:
    box = run[0].box
    for word in run[1:]:
        box = box.around(word.box)
    return box
