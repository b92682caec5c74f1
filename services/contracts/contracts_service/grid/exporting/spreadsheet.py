"""XLSX: one sheet with the grid, one with the evidence of each of its values."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from contracts_service import names
from contracts_service.fields import FIELDS
from contracts_service.grid.exporting.piece import Pieces, page, quote, review, state, status
from contracts_service.grid.model import Cell
from contracts_service.grid.store import Row

_PIECE_BYTES = 256 * 1024
_EVIDENCE = (
    "Contract",
    "Label",
    "Field",
    "Value",
    "Unit",
    "Status",
    "Review",
    "Page",
    "Quote",
    "Reviewer",
    "Reason",
)
# A spreadsheet's own limit for the text of a cell.
_MAX_TEXT = 32_767


async def write(pieces: Pieces) -> AsyncIterator[bytes]:
    """The whole file, once all rows are in it; rows go to disk as they come."""
    with tempfile.TemporaryDirectory(prefix="bloom-export-") as folder:
        path = Path(folder) / "grid.xlsx"
        book = _Book(path, folder)
        async for fields, rows in pieces:
            await asyncio.to_thread(book.add, fields, rows)
        await asyncio.to_thread(book.close)
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


class _Book:
    """Two sheets, written row by row."""

    def __init__(self, path: Path, folder: str) -> None:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._grid, self._evidence = self._book.add_worksheet("Grid"), self._book.add_worksheet("Evidence")
        self._line, self._passage = 0, 0

    def add(self, fields: Sequence[str], rows: Sequence[tuple[Row, tuple[Cell, ...]]]) -> None:
        """The head comes with the first rows."""
        if not self._line:
            self._head(fields)
        for row, cells in rows:
            self._row(row, cells)

    def close(self) -> None:
        """Writes the file."""
        self._book.close()

    def _head(self, fields: Sequence[str]) -> None:
        titles = ["Contract", "Label", "State", *(FIELDS[field].label for field in fields)]
        self._put(self._grid, 0, titles, self._bold)
        self._put(self._evidence, 0, _EVIDENCE, self._bold)
        for sheet in (self._grid, self._evidence):
            sheet.freeze_panes(1, 2)
            sheet.set_column(0, 1, 38)
            sheet.set_column(2, 60, 18)
        self._line = self._passage = 1

    def _row(self, row: Row, cells: Sequence[Cell]) -> None:
        values = [_shown(cell) for cell in cells]
        self._put(self._grid, self._line, [names.contract(row.id), row.label, state(row), *values])
        self._line += 1
        for cell in cells:
            if cell.version:
                told = [
                    names.contract(row.id), row.label, FIELDS[cell.field].label, cell.value, cell.unit,
                    status(cell), review(cell), page(cell) or "", quote(cell), cell.reviewer,
                    cell.review_reason,
                ]  # fmt: skip
                self._put(self._evidence, self._passage, told)
                self._passage += 1

    @staticmethod
    def _put(sheet: Any, line: int, values: Sequence[object], form: Any = None) -> None:
        for column, value in enumerate(values):
            if isinstance(value, int):
                sheet.write_number(line, column, value, form)
            else:
                sheet.write_string(line, column, str(value)[:_MAX_TEXT], form)


def _shown(cell: Cell) -> str:
    """As text, exactly: a spreadsheet's own numbers are binary floats."""
    known = (
        f"{cell.value} {cell.unit}"
        if cell.unit and cell.unit not in ("text", "date", "enum", "bool")
        else cell.value
    )
    return known or status(cell)
