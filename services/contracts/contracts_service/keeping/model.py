"""Retention classes, holds, and what keeps a contract."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bloom.contracts.v1 import keeping_service_pb2

IMPORTED, EXPIRATION = (
    keeping_service_pb2.RETENTION_ANCHOR_IMPORTED,
    keeping_service_pb2.RETENTION_ANCHOR_EXPIRATION,
)
DELETE = keeping_service_pb2.DISPOSAL_DELETE


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """`anchor` and `disposal` are the schema's numbers."""

    id: UUID
    display_name: str
    years: int
    anchor: int
    disposal: int
    version: int = 1

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.version}"'

    def until(self, imported: date, expiration: date | None) -> date | None:
        """The first day on which a contract of this class may go; None while nobody knows."""
        begun = imported if self.anchor == IMPORTED else expiration
        return begun and _years_after(begun, self.years)


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; 29 February becomes 1 March. The last day of the calendar at most."""
    year = day.year + years
    if year > date.max.year:
        return date.max
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


@dataclass(frozen=True, slots=True)
class Hold:
    """A matter; `contract_count` counts what it holds now."""

    id: UUID
    display_name: str
    creator: str
    created_at: datetime
    contract_count: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A hold upon a contract; `lifted_at` is None while it holds."""

    hold_id: UUID
    placer: str
    placed_at: datetime
    reason: str
    lifter: str | None
    lifted_at: datetime | None
    lift_reason: str | None


@dataclass(frozen=True, slots=True)
class Deleted:
    """A contract that can be had back."""

    id: UUID
    label: str
    deleter: str
    deleted_at: datetime
    purge_at: datetime
    held: bool


@dataclass(frozen=True, slots=True)
class Keeping:
    """What keeps a contract; `until` is None without a class, and while the day is not known."""

    contract_id: UUID
    retention_class: RetentionClass | None
    until: date | None
    holds: tuple[Placed, ...]
