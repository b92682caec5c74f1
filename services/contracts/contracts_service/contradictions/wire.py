"""Contradictions and values as the searching process reads and writes them: JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.evidence import DocumentText, Evidence, ExtractedValue, Reason, Status
from contracts_service.evidence.claims import read_claim
from contracts_service.fields import FIELDS


def to_wire(one: Contradiction) -> dict[str, Any]:
    """As JSON."""
    return asdict(one)


def from_wire(told: Mapping[str, Any]) -> Contradiction:
    """What `to_wire` made."""
    passages = tuple(
        Passage(Evidence(**one["evidence"]), one["value"], one["document_id"]) for one in told["passages"]
    )
    return Contradiction(
        Kind(told["kind"]), Severity(told["severity"]), told["sentence"], passages, told["computation"]
    )


def value_of(told: Mapping[str, Any], document: DocumentText) -> ExtractedValue | None:
    """A stored value of `document`; None for one that is not typed, or was read of another document."""
    spec = FIELDS.get(told["field"])
    typed = read_claim(spec, told["value"], told["unit"]) if spec else None
    if typed is None or isinstance(typed, Reason):
        return None
    evidence = tuple(
        Evidence(one["char_start"], one["char_end"], one["page"], one["quote"]) for one in told["evidence"]
    )
    if not evidence or not all(one.stands_in(document) for one in evidence):
        return None
    return ExtractedValue(
        told["field"], Status(told["status"]), typed, told["value"], told["unit"], told["raw_text"], evidence,
        None, Decimal(told["confidence"]),
    )  # fmt: skip
