"""JSON: an array of contracts, each with its cells by field."""

import json
from collections.abc import AsyncIterator
from typing import Any

from contracts_service import names
from contracts_service.grid.exporting.piece import Pieces, review, state, status
from contracts_service.grid.model import Cell
from contracts_service.grid.store import Row


async def write(pieces: Pieces) -> AsyncIterator[bytes]:
    """Piece by piece; what has come is no JSON before the last."""
    before = b"["
    async for _, rows in pieces:
        for row, cells in rows:
            yield before + json.dumps(_contract(row, cells), ensure_ascii=False).encode()
            before = b",\n"
    yield b"[]\n" if before == b"[" else b"]\n"


def _contract(row: Row, cells: tuple[Cell, ...]) -> dict[str, Any]:
    return {
        "contract": names.contract(row.id),
        "label": row.label,
        "state": state(row),
        "cells": {cell.field: _cell(cell) for cell in cells if cell.version},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    said = {
        "review": review(cell),
        "reviewer": cell.reviewer,
        "review_time": cell.reviewed_at.isoformat() if cell.reviewed_at else "",
        "review_reason": cell.review_reason,
        "outdated": cell.outdated,
    }
    return {
        "value": cell.value,
        "unit": cell.unit,
        "status": status(cell),
        "confidence": str(cell.confidence),
        "evidence": dict(cell.evidence) if cell.evidence else None,
        **(said if said["review"] else {}),
    }
