"""The contract record as this service holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts_service.documents.model import Document
from service_runtime.money import Money


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract with its document. Enumerations are the schema's numbers."""

    id: UUID
    label: str
    reference_no: str
    office: int
    agreement_type: int
    state: int
    tags: tuple[str, ...]
    version: int
    creator: str
    created_at: datetime
    updated_at: datetime
    document: Document
    analysis_state: int
    analysis_operation: UUID | None
    published_operation: UUID | None
    # What `analysis.publication.summary` wrote: counts, model, cost, instructions to the reader.
    analysis: Mapping[str, object]
    # Empty, and None, where nobody has said it.
    department: str = ""
    value: Money | None = None

    @property
    def etag(self) -> str:
        """Changes with every change of the record."""
        return f'"{self.version}"'
