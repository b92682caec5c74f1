"""What a search finds."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of the stored text; `highlights` are [start, end) code points within `text`."""

    page: int
    char_start: int
    text: str
    highlights: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A contract with its best passages; none where only fields were asked for."""

    contract_id: UUID
    label: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """Contracts by value, commonest first."""

    field: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of hits; `total` is None where nobody counted."""

    hits: tuple[Hit, ...]
    next_token: str
    total: int | None
    facets: tuple[Facet, ...]
