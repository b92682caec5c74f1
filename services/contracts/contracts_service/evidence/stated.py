"""Proves a value that is no field of the catalogue: an attribute of an entry, near the entry's passage."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from contracts_service.evidence.claims import read_claim
from contracts_service.evidence.judge import Verdict, judge_redacted, judge_stated
from contracts_service.evidence.locate import Place, locate
from contracts_service.evidence.model import DocumentText, ExtractedValue, Status
from contracts_service.evidence.reasons import Doubt, Reason
from contracts_service.evidence.values import Value
from contracts_service.fields import FieldSpec

#: How far from its entry's passage a value may stand, in characters: the next sentences of the same section.
NEAR = 600
_VERIFIED = Decimal("0.96")
_REDACTED = Decimal("0.95")
_LOCATED_ONLY = Decimal("0.30")
_NOT_LOCATED = Decimal("0.05")


def verify_stated(
    document: DocumentText,
    spec: FieldSpec,
    claim: tuple[str, str, str],
    near: Sequence[Place],
    *,
    redacted: bool = False,
) -> ExtractedValue:
    """Checks a claim of (value, unit, quote). The quote counts only where it stands near one of `near`."""
    value, unit, quote = claim
    entry = ExtractedValue(
        spec.name, Status.UNVERIFIED, None, value, unit, "", (), Doubt(Reason.QUOTE_NOT_FOUND), _NOT_LOCATED
    )
    located = locate(document, quote)
    if located.reason:
        return replace(entry, doubt=Doubt(located.reason), evidence=located.nearly)
    places = [place for place in located.places if any(_near(place, one) for one in near)]
    if not places:
        evidence = (located.places[0].evidence(document),)
        return replace(entry, evidence=evidence, doubt=Doubt(Reason.FAR_FROM_ENTRY), confidence=_LOCATED_ONLY)
    claimed = None if redacted else read_claim(spec, value, unit)
    if isinstance(claimed, Reason):
        evidence = (places[0].evidence(document),)
        return replace(entry, evidence=evidence, doubt=Doubt(claimed), confidence=_LOCATED_ONLY)
    return _judged(document, spec, entry, claimed, places)


def _near(place: Place, other: Place) -> bool:
    return place.start <= other.end + NEAR and other.start <= place.end + NEAR


def _judged(
    document: DocumentText,
    spec: FieldSpec,
    entry: ExtractedValue,
    claimed: Value | None,
    places: Sequence[Place],
) -> ExtractedValue:
    verdicts = [
        judge_redacted(document, place) if claimed is None else judge_stated(document, spec, claimed, place)
        for place in places
    ]
    best = next((one for one in verdicts if one.reason is None), verdicts[0])
    if best.reason:
        return replace(
            entry, evidence=best.evidence, doubt=Doubt(best.reason), confidence=_LOCATED_ONLY,
            raw_text=best.raw_text,
        )  # fmt: skip
    return _proven(entry, claimed, best)


def _proven(entry: ExtractedValue, claimed: Value | None, verdict: Verdict) -> ExtractedValue:
    status, confidence = (Status.REDACTED, _REDACTED) if claimed is None else (Status.VERIFIED, _VERIFIED)
    return replace(
        entry, status=status, value=claimed, raw_text=verdict.raw_text, evidence=verdict.evidence, doubt=None,
        confidence=confidence,
    )  # fmt: skip
