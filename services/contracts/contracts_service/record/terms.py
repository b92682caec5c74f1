"""The terms as they stand: what people have written, and for the rest what was read and holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts_service.contracts.model import Contract
from contracts_service.grid import store as grid
from contracts_service.grid.model import CORRECTED, Cell
from contracts_service.record import readings
from service_runtime.postgres import Reads


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms by path as JSON; `sources` has the fields that say a term, none for one that a person wrote."""

    by_path: Mapping[str, Any]
    sources: Mapping[str, tuple[str, ...]]
    cells: Mapping[str, Cell]

    def by_person(self, path: str) -> bool:
        """Whether a person wrote it, here or in the cell that says it."""
        fields = self.sources[path]
        return all(self.cells[field].review == CORRECTED for field in fields if field in self.cells)


async def of(reads: Reads, contract: Contract) -> Terms:
    """The terms of a contract."""
    cells = await grid.cells(reads, contract.id)
    read = readings.read(cells)
    by_path = {path: term for path, (term, _) in read.items()}
    sources = {path: fields for path, (_, fields) in read.items()}
    for path, written in contract.terms.items():
        sources[path] = ()
        by_path[path] = written
    known = {path: term for path, term in by_path.items() if term is not None}
    return Terms(known, {path: sources[path] for path in known}, cells)
