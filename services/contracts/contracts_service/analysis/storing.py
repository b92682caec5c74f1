"""Proof in the form in which rows and the wire carry it."""

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis.model import StoredEvidence
from contracts_service.evidence import DocumentText, Evidence, Status
from contracts_service.operations.model import GroupResult


def stored_evidence(evidence: Evidence, document: DocumentText) -> StoredEvidence:
    """As rows and the wire carry it."""
    return StoredEvidence(
        document=document.document_id,
        document_sha256=document.sha256,
        char_start=evidence.char_start,
        char_end=evidence.char_end,
        page=evidence.page,
        quote=evidence.quote,
    )


def status_of(status: Status) -> int:
    """The schema's number."""
    return contract_pb2.ValueStatus.Value(f"VALUE_STATUS_{status}")


def method_of(result: GroupResult) -> int:
    """Who read it: Claude, or what stood in for it."""
    return contract_pb2.VALUE_METHOD_SIMULATOR if result.simulated else contract_pb2.VALUE_METHOD_CLAUDE
