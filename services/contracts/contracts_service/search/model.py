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
    """A contract with its best passages."""

    contract_id: UUID
    label: str
    passages: tuple[Passage, ...]
