"""Proof in the form in which rows and the wire carry it."""

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis.model import StoredEntry, StoredEvidence, StoredValue
from contracts_service.evidence import DocumentText, Evidence, Status
from contracts_service.operations.model import GroupResult
from service_runtime.audit import fingerprint


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


def digest(values: Sequence[StoredValue], entries: Sequence[StoredEntry]) -> str:
    """SHA-256 in hex of all that an analysis read, in its order; for the audit chain."""
    rows = [_plain(asdict(row)) for row in values] + [_plain(asdict(row)) for row in entries]
    return fingerprint({"rows": rows})


def _plain(row: dict[str, object]) -> dict[str, object]:
    """Without trailing zeros, which a database may add to a Decimal."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in row.items()
    }


def status_of(status: Status) -> int:
    """The schema's number."""
    return contract_pb2.ValueStatus.Value(f"VALUE_STATUS_{status}")


def method_of(result: GroupResult) -> int:
    """Who read it: Claude, or what stood in for it."""
    return contract_pb2.VALUE_METHOD_SIMULATOR if result.simulated else contract_pb2.VALUE_METHOD_CLAUDE
