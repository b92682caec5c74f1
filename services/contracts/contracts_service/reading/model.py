"""A finished analysis as it is listed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class FinishedAnalysis:
    """An analysis that published what it read. `uses` are those that it read itself."""

    id: UUID
    subject: str
    created_at: datetime
    ended_at: datetime
    uses: tuple[str, ...]
