"""Several findings of one field: equal ones become one value, verified ones that differ a conflict."""

from dataclasses import replace
from decimal import Decimal

from contracts_service.evidence.model import ExtractedValue, Status
from contracts_service.evidence.reasons import Doubt, Reason
from contracts_service.evidence.values import same

_CONFLICT = Decimal("0.50")


def reconcile(findings: list[ExtractedValue]) -> tuple[ExtractedValue, ...]:
    """One field's entries, merged where they agree; unverified ones stay beside the verified."""
    merged: list[ExtractedValue] = []
    for finding in findings:
        twin = next((i for i, one in enumerate(merged) if _agree(one, finding)), None)
        if twin is None:
            merged.append(finding)
        else:
            merged[twin] = _joined(merged[twin], finding)
    verified = sum(one.status is Status.VERIFIED for one in merged)
    return tuple(_in_conflict(one) if verified > 1 else one for one in merged)


def _agree(first: ExtractedValue, second: ExtractedValue) -> bool:
    if first.status is not second.status:
        return False
    if first.value is not None and second.value is not None:
        return same(first.value, second.value)
    if first.status is Status.REDACTED:
        return True
    return (first.wire_value, first.wire_unit, first.doubt, first.evidence) == (
        second.wire_value,
        second.wire_unit,
        second.doubt,
        second.evidence,
    )


def _joined(first: ExtractedValue, second: ExtractedValue) -> ExtractedValue:
    evidence = tuple(dict.fromkeys((*first.evidence, *second.evidence)))
    return replace(first, evidence=evidence, confidence=max(first.confidence, second.confidence))


def _in_conflict(entry: ExtractedValue) -> ExtractedValue:
    if entry.status is not Status.VERIFIED:
        return entry
    return replace(entry, status=Status.CONFLICT, doubt=Doubt(Reason.VALUES_CONFLICT), confidence=_CONFLICT)
