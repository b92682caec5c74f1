"""Tables of a document: cells with their words' place in the stored text.

Readers of marked-up formats put marks around the words of each cell, of characters that no text keeps;
cleaning a page takes them out, and what stood between them is the cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from itertools import groupby
from typing import Any

from contracts_service.extraction.layout import Box

# Noncharacters: sixteen digits, the beginning of a cell and its end.
_DIGITS = [chr(0xFDD0 + digit) for digit in range(16)]
_BEGIN, END = "\ufde0", "\ufde1"
MARKS = "\ufdd0-\ufdef"
"""As a range of a regular expression's character class."""
_MARK = re.compile(f"{_BEGIN}([{_DIGITS[0]}-{_DIGITS[-1]}]+)|{END}")
_ALL_MARKS = dict.fromkeys(range(0xFDD0, 0xFDF0))
MAX_SPAN = 100
_LEAST = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """Words within [start, end) of the stored text, on `page` (from 1); rows and columns count from 0.

    `text` is the cell's own words: where a page's lines run across its columns, others stand between them.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    start: int
    end: int
    page: int
    text: str
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Cells by row, then by column. One that goes on over a page break is one table of each page."""

    cells: tuple[Cell, ...]

    @property
    def page(self) -> int:
        """Its page, from 1."""
        return self.cells[0].page

    def to_list(self) -> list[list[Any]]:
        """As JSON has it."""
        return [list(astuple(cell)) for cell in self.cells]

    @classmethod
    def from_list(cls, cells: list[list[Any]]) -> Table:
        """Read back what `to_list` gave."""
        return cls(
            tuple(
                Cell(row, column, row_span, column_span, start, end, page, text, Box(*box) if box else None)
                for row, column, row_span, column_span, start, end, page, text, box in cells
            )
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a reader of marked-up text saw a cell; `table` counts tables of the document from 0."""

    table: int
    row: int
    column: int
    row_span: int = 1
    column_span: int = 1


def unmarked(text: str) -> str:
    """The document's own text, without characters that could pass for marks."""
    return text.translate(_ALL_MARKS)


def begin(number: int) -> str:
    """The mark before a cell, which is the `number`th of the document."""
    return _BEGIN + "".join(_DIGITS[int(digit, 16)] for digit in f"{number:x}")


def marked(raw: str) -> Iterator[tuple[int, int, int]]:
    """Cells in a page's raw text: their numbers, and where they begin and end in it."""
    opened: list[tuple[int, int]] = []
    for mark in _MARK.finditer(raw):
        if mark[1]:
            number = int("".join(f"{_DIGITS.index(digit):x}" for digit in mark[1]), 16)
            opened.append((number, mark.end()))
        elif opened:
            number, start = opened.pop()
            yield number, start, mark.start()


class Grid:
    """Gives the cells of one table their columns, as they come, with spans from rows above."""

    def __init__(self, table: int) -> None:
        self.table = table
        self._row = -1
        self._column = 0
        self._taken: dict[int, int] = {}  # column to the first row that is free again

    def next_row(self) -> None:
        """Begins the next row."""
        self._row, self._column = self._row + 1, 0

    def place(self, row_span: int, column_span: int) -> Frame:
        """The next cell of the row."""
        while self._taken.get(self._column, 0) > self._row:
            self._column += 1
        frame = Frame(self.table, max(self._row, 0), self._column, row_span, column_span)
        for column in range(self._column, self._column + column_span):
            self._taken[column] = frame.row + row_span
        self._column += column_span
        return frame


def tables_of(cells: Iterable[tuple[int, Cell]]) -> tuple[Table, ...]:
    """Tables worth the name, of cells with the numbers of their tables: two rows and columns with words."""
    ordered = sorted(cells, key=lambda one: (one[1].page, one[0], one[1].row, one[1].column))
    found = (
        _tidy([cell for _table, cell in some])
        for _key, some in groupby(ordered, key=lambda one: (one[1].page, one[0]))
    )
    return tuple(Table(tuple(some)) for some in found if some)


def _tidy(cells: list[Cell]) -> list[Cell]:
    """Without rows and columns that only make room."""
    written = [cell for cell in cells if cell.end > cell.start]
    rows = {row: at for at, row in enumerate(sorted({cell.row for cell in written}))}
    columns = {column: at for at, column in enumerate(sorted({cell.column for cell in written}))}
    if len(rows) < _LEAST or len(columns) < _LEAST:
        return []
    return [
        replace(
            cell,
            row=rows[cell.row],
            column=columns[cell.column],
            row_span=max(1, sum(cell.row <= row < cell.row + cell.row_span for row in rows)),
            column_span=max(
                1, sum(cell.column <= column < cell.column + cell.column_span for column in columns)
            ),
        )
        for cell in cells
        if cell.row in rows and cell.column in columns
    ]
