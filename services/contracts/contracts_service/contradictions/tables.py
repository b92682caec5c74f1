"""Tables with the place of each cell: those that are given, else those that can be seen in lines of text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_LINE = re.compile(r"[^\n\f]+")
_TABBED = re.compile(r"[^\t]+")
_FIGURE = r"\(?[-–]?\$?\s?[-–]?\d[\d,]*(?:\.\d+)?%?\)?|\[\s?\*{1,3}\s?\]"
_FIGURES = re.compile(rf"[ \t]*(?:{_FIGURE})(?:[ \t]+(?:{_FIGURE}))+[ \t]*")
_ONE = re.compile(_FIGURE)
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """Words at [start, end) of the stored text; an empty cell has none."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """Cells from left to right."""

    cells: tuple[Cell, ...]

    @property
    def start(self) -> int:
        """Where the row begins in the stored text."""
        return self.cells[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.cells[-1].end


@dataclass(frozen=True, slots=True)
class Table:
    """Rows from top to bottom, that of the headings, where there is one, first."""

    rows: tuple[Row, ...]


def tables_in_lines(text: str) -> list[Table]:
    """What looks like a table in stored text: lines parted by tabs, or nothing but columns of figures."""
    lines = list(_LINE.finditer(text))
    return [*_grouped(text, map(_tabbed, lines), 2), *_grouped(text, map(_columns, lines), _LEAST_ROWS)]


def _grouped(text: str, rows: Iterator[Row | None], least: int) -> Iterator[Table]:
    """Neighbours with equally many cells; a heading row may have fewer lines between."""
    for wide, run in groupby(rows, key=lambda row: len(row.cells) if row else 0):
        found = tuple(row for row in run if row)
        if wide and len(found) >= least:
            yield Table(found)


def _tabbed(line: re.Match[str]) -> Row | None:
    if "\t" not in line[0]:
        return None
    start = line.start()
    cells: list[Cell] = []
    for words in line[0].split("\t"):
        cells.append(Cell(words.strip(), start, start + len(words)))
        start += len(words) + 1
    return Row(tuple(cells))


def _columns(line: re.Match[str]) -> Row | None:
    if "\t" in line[0] or not _FIGURES.fullmatch(line[0]):
        return None
    cells = (
        Cell(one[0], line.start() + one.start(), line.start() + one.end()) for one in _ONE.finditer(line[0])
    )
    return Row(tuple(cells))
