"""CSV (RFC 4180) with a byte-order mark, which spreadsheets need to see that it is UTF-8."""

import csv
import io
import re
from collections.abc import AsyncIterator, Sequence

from contracts_service import names
from contracts_service.grid.exporting.piece import Pieces, page, quote, review, state, status
from contracts_service.grid.model import Cell

_OF_A_FIELD = ("", " unit", " status", " review", " page", " quote")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# A spreadsheet takes what begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def write(pieces: Pieces) -> AsyncIterator[bytes]:
    """A head, and a line for each contract."""
    head = True
    async for fields, rows in pieces:
        text = io.StringIO()
        lines = csv.writer(text)
        if head:
            yield b"\xef\xbb\xbf"
            columns = [f"{field}{part}" for field in fields for part in _OF_A_FIELD]
            lines.writerow(["contract", "label", "state", *columns])
            head = False
        for row, cells in rows:
            shown = [part for cell in cells for part in _cell(cell)]
            lines.writerow(_harmless([names.contract(row.id), row.label, state(row), *shown]))
        yield text.getvalue().encode()


def _cell(cell: Cell) -> tuple[str, ...]:
    number = page(cell)
    return (
        cell.value, cell.unit, status(cell), review(cell), "" if number is None else str(number), quote(cell),
    )  # fmt: skip


def _harmless(line: Sequence[str]) -> list[str]:
    return [
        f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text for text in line
    ]
