"""The contract record as this service holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
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
    # None for a draft that has none yet.
    document: Document | None
    analysis_state: int
    analysis_operation: UUID | None
    published_operation: UUID | None
    # What `analysis.publication.summary` wrote: counts, model, cost, instructions to the reader.
    analysis: Mapping[str, object]
    # Empty, and None, where nobody has said it.
    department: str = ""
    value: Money | None = None
    # It was signed before it came in.
    imported: bool = True
    # Counts the states of the record; 0 before the first was kept.
    revision: int = 0
    # What people have written of the terms, by path.
    terms: Mapping[str, Any] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Changes with every change of the record."""
        return f'"{self.version}"'

    @property
    def record_etag(self) -> str:
        """Changes with every change of what the contract says, and not while Claude reads."""
        return f'"r{self.revision}"'


@dataclass(frozen=True, slots=True)
class NewContract:
    """What is known about a contract that begins. Enumerations are the schema's numbers."""

    label: str
    state: int
    imported: bool
    document_id: UUID | None = None
    reference_no: str = ""
    office: int = 0
    agreement_type: int = 0
    tags: tuple[str, ...] = ()
    department: str = ""
    value: Money | None = None
