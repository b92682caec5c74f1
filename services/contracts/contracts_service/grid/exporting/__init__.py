"""A grid as a file: CSV, XLSX or JSON, with the evidence of each value."""

from collections.abc import AsyncIterator, Callable, Mapping

from bloom.contracts.v1 import grid_service_pb2
from contracts_service.grid.exporting import comma, spreadsheet, tree
from contracts_service.grid.exporting.piece import Pieces

Writer = Callable[[Pieces], AsyncIterator[bytes]]

#: By GridFormat: the media type, and what writes it.
FORMATS: Mapping[int, tuple[str, Writer]] = {
    grid_service_pb2.GRID_FORMAT_CSV: ("text/csv; charset=utf-8", comma.write),
    grid_service_pb2.GRID_FORMAT_XLSX: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        spreadsheet.write,
    ),
    grid_service_pb2.GRID_FORMAT_JSON: ("application/json", tree.write),
}
