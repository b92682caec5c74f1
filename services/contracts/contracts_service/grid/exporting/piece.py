"""What the writers get, and the words for its states."""

from collections.abc import AsyncIterator

from bloom.contracts.v1 import contract_pb2, grid_service_pb2
from contracts_service.grid.model import Cell
from contracts_service.grid.store import Row

#: Fields, and some rows with their cells in that order.
Pieces = AsyncIterator[tuple[tuple[str, ...], tuple[tuple[Row, tuple[Cell, ...]], ...]]]


def status(cell: Cell) -> str:
    """`VERIFIED`; empty where nobody has read or said anything."""
    name = contract_pb2.ValueStatus.Name(cell.status)  # type: ignore[arg-type]  # stored numbers of the schema
    return name.removeprefix("VALUE_STATUS_") if cell.status else ""


def review(cell: Cell) -> str:
    """`CORRECTED`; empty where nobody has said anything."""
    name = grid_service_pb2.ReviewState.Name(cell.review)  # type: ignore[arg-type]
    return name.removeprefix("REVIEW_STATE_") if cell.review > 1 else ""


def state(row: Row) -> str:
    """`ACTIVE`"""
    return contract_pb2.ContractState.Name(row.state).removeprefix("CONTRACT_STATE_")  # type: ignore[arg-type]


def page(cell: Cell) -> int | None:
    """Where the value stands, from 1."""
    return int(cell.evidence["page"]) if cell.evidence else None


def quote(cell: Cell) -> str:
    """The words that say it."""
    return str(cell.evidence["quote"]) if cell.evidence else ""
