"""A page of contracts by a page of fields."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts_service.contracts import access
from contracts_service.filtering import FIRST_ARGUMENT, compile_filter
from contracts_service.grid import columns, store
from contracts_service.grid.columns import Wanted
from contracts_service.grid.model import Cell
from contracts_service.grid.store import Row
from service_runtime import pagination
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres, Reads

_ROWS, _FIELDS = 25, 50
_EXPORTED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which contracts and fields; states are the schema's numbers, and none asks for all."""

    filter_text: str
    wanted: Wanted
    statuses: tuple[int, ...]
    reviews: tuple[int, ...]

    @property
    def same(self) -> tuple[str, ...]:
        """What must be the same for a page to go on."""
        states = [*map(str, self.statuses), "", *map(str, self.reviews)]
        return ("grid", self.filter_text, ",".join(self.wanted.fields), self.wanted.column_set, *states)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows with their cells in the order of `fields`; tokens are empty on the last pages."""

    fields: tuple[str, ...]
    rows: tuple[tuple[Row, tuple[Cell, ...]], ...]
    next_rows: str
    next_fields: str


async def query(
    postgres: Postgres, identity: Identity, asked: Asked, *, rows: tuple[int, str], fields: tuple[int, str]
) -> Grid:
    """`rows` and `fields` are page size and token. Raises FILTER_INVALID, INVALID_FIELD, NOT_FOUND."""
    reads = postgres.reader(identity.tenant)
    everything = await columns.fields_of(reads, identity, asked.wanted)
    start = pagination.ordinal(fields[1], *asked.same, "fields")
    shown = everything[start : start + (fields[0] or _FIELDS)]
    end = start + len(shown)
    cursor = pagination.decode(rows[1], *asked.same, parts=2)
    before = pagination.moment_and_id(cursor) if cursor else None
    size = rows[0] or _ROWS
    found = await _rows(reads, identity, asked, everything, before, size + 1)
    last = found[size - 1] if len(found) > size else None
    return Grid(
        shown,
        await _filled(reads, found[:size], shown),
        pagination.encode([last.created_at.isoformat(), str(last.id)], *asked.same) if last else "",
        pagination.encode([str(end)], *asked.same, "fields") if end < len(everything) else "",
    )


async def everything(
    postgres: Postgres, identity: Identity, asked: Asked
) -> AsyncIterator[tuple[tuple[str, ...], tuple[tuple[Row, tuple[Cell, ...]], ...]]]:
    """All rows, some hundreds at once, with the fields; at least one piece. For exports."""
    reads = postgres.reader(identity.tenant)
    fields = await columns.fields_of(reads, identity, asked.wanted)
    before: tuple[datetime, UUID] | None = None
    first = True
    while True:
        found = await _rows(reads, identity, asked, fields, before, _EXPORTED_AT_ONCE)
        if found or first:
            yield fields, await _filled(reads, found, fields)
        if len(found) < _EXPORTED_AT_ONCE:
            return
        first, before = False, (found[-1].created_at, found[-1].id)


async def _rows(
    reads: Reads,
    identity: Identity,
    asked: Asked,
    fields: Sequence[str],
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    where, arguments = compile_filter(asked.filter_text)
    state, of_states = store.having(fields, asked.statuses, asked.reviews, FIRST_ARGUMENT + len(arguments))
    next_argument = FIRST_ARGUMENT + len(arguments) + len(of_states)
    reach, of_reach = access.within(identity, next_argument)
    condition = f"({where}) AND ({state}) AND ({reach})"
    return await store.rows(reads, condition, [*arguments, *of_states, *of_reach], before, limit)


async def _filled(
    reads: Reads, rows: Sequence[Row], fields: Sequence[str]
) -> tuple[tuple[Row, tuple[Cell, ...]], ...]:
    cells = await store.cells_of(reads, [row.id for row in rows], fields)
    return tuple(
        (row, tuple(cells.get((row.id, field)) or Cell(field, review=0) for field in fields)) for row in rows
    )
