"""A value as it is stored, with its proof."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict


class StoredEvidence(TypedDict):
    """As in the row's JSON; offsets are code points of the stored text."""

    document: str
    document_sha256: str
    char_start: int
    char_end: int
    page: int
    quote: str


@dataclass(frozen=True, slots=True)
class StoredValue:
    """One value of one field. `status` and `method` are the schema's numbers."""

    group: str
    field: str
    status: int
    value: str
    unit: str
    raw_text: str
    evidence: tuple[StoredEvidence, ...]
    method: int
    model: str
    prompt_version: str
    confidence: Decimal
    reason: str
    reason_text: str


class StoredAttribute(TypedDict):
    """As in the row's JSON; `status` is the schema's number."""

    name: str
    status: int
    value: str
    unit: str
    raw_text: str
    evidence: list[StoredEvidence]
    confidence: str
    reason: str
    reason_text: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry of a list. `use` is an AnalysisUse in lower case; `status` and `method` are numbers."""

    use: str
    kind: str
    status: int
    text: str
    grade: str
    fallback: str
    evidence: tuple[StoredEvidence, ...]
    attributes: tuple[StoredAttribute, ...]
    method: int
    model: str
    prompt_version: str
    confidence: Decimal
    reason: str
    reason_text: str
