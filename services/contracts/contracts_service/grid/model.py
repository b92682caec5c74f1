"""A cell of the grid, and what people have said of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from bloom.contracts.v1 import contract_pb2, grid_service_pb2

OPEN, ACCEPTED, CORRECTED, REJECTED = (
    grid_service_pb2.REVIEW_STATE_OPEN,
    grid_service_pb2.REVIEW_STATE_ACCEPTED,
    grid_service_pb2.REVIEW_STATE_CORRECTED,
    grid_service_pb2.REVIEW_STATE_REJECTED,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What holds for one field of one contract. States are the schema's numbers.

    `number` is in the base unit of the field's kind (kW, kWh, USD/kWh, years), `day` an absolute date.
    `evidence` is that of the first value. `version` counts the changes of this cell.
    """

    field: str
    status: int = 0
    review: int = OPEN
    method: int = 0
    value: str = ""
    unit: str = ""
    number: Decimal | None = None
    day: date | None = None
    value_count: int = 0
    outdated: bool = False
    evidence: Mapping[str, Any] | None = None
    confidence: Decimal = Decimal(0)
    reviewer: str = ""
    reviewed_at: datetime | None = None
    review_reason: str = ""
    version: int = 0

    @property
    def etag(self) -> str:
        """Changes with every change of the cell."""
        return f'"{self.version}"'

    @property
    def holds(self) -> bool:
        """Whether the record may rest on it: proven, or a person has said so."""
        if self.review in (ACCEPTED, CORRECTED):
            return bool(self.value)
        return self.review == OPEN and self.status == contract_pb2.VALUE_STATUS_VERIFIED


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said, and what the cell had from the document then."""

    review: int
    value: str
    unit: str
    reviewer: str
    at: datetime
    reason: str
    read_value: str
    read_unit: str
    read_status: int
    operation_id: UUID | None
    number: int = 0
