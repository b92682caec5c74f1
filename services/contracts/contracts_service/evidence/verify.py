"""The one way in: a document and the answers about it, values with their proof or their doubt out."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from contracts_service.evidence.claims import read_claim
from contracts_service.evidence.judge import Verdict, judge, judge_redaction
from contracts_service.evidence.locate import Located, locate
from contracts_service.evidence.model import Claim, DocumentText, Evidence, ExtractedValue, Status
from contracts_service.evidence.reasons import Doubt, Reason
from contracts_service.evidence.reconcile import reconcile
from contracts_service.evidence.values import Value
from contracts_service.fields import FIELDS, AnswerState, FieldAnswer, FieldSpec

_VERIFIED_BY_QUOTE = Decimal("0.99")
_VERIFIED_BY_CONTEXT = Decimal("0.96")
_LESS_FOR_CASE = Decimal("0.02")
_REDACTED = Decimal("0.95")
#: Nobody has searched the document for what the reader did not find.
_ABSENT = Decimal("0.80")
_LOCATED_ONLY = Decimal("0.30")
_NOT_LOCATED = Decimal("0.05")


def verify(document: DocumentText, answers: Mapping[str, FieldAnswer]) -> tuple[ExtractedValue, ...]:
    """Checks every answer against the document, in the order of the answers.

    A field has one entry, or several where its findings were not all verified with the same value.
    Raises KeyError for a field that is not in the catalogue.
    """
    return tuple(
        value for name, answer in answers.items() for value in _verify_field(document, FIELDS[name], answer)
    )


def verify_claim(document: DocumentText, claim: Claim) -> ExtractedValue:
    """Checks a single claim. Raises KeyError for a field that is not in the catalogue."""
    spec = FIELDS[claim.field]
    if claim.state is AnswerState.ABSENT:
        return _entry(claim, Status.UNVERIFIED, Reason.STATE_CONTRADICTS_FINDINGS, _NOT_LOCATED)
    located = locate(document, claim.quote)
    if claim.state is AnswerState.REDACTED:
        return _verify_redacted(document, spec, claim, located)
    return _verify_found(document, spec, claim, located)


def _verify_field(document: DocumentText, spec: FieldSpec, answer: FieldAnswer) -> tuple[ExtractedValue, ...]:
    if not answer.findings:
        return (_without_findings(spec, answer.state),)
    claims = (Claim(spec.name, answer.state, one.value, one.unit, one.quote) for one in answer.findings)
    return reconcile([verify_claim(document, claim) for claim in claims])


def _without_findings(spec: FieldSpec, state: AnswerState) -> ExtractedValue:
    claim = Claim(spec.name, state, "", "", "")
    if state is AnswerState.ABSENT:
        return _entry(claim, Status.ABSENT, None, _ABSENT)
    return _entry(claim, Status.UNVERIFIED, Reason.STATE_CONTRADICTS_FINDINGS, _NOT_LOCATED)


def _verify_redacted(
    document: DocumentText, spec: FieldSpec, claim: Claim, located: Located
) -> ExtractedValue:
    verdicts = [judge_redaction(document, spec, place) for place in located.places]
    proven = [verdict for verdict in verdicts if verdict.reason is None]
    if not proven:
        return _unverified(claim, located, verdicts)
    return replace(_entry(claim, Status.REDACTED, None, _REDACTED), evidence=_evidence(proven))


def _verify_found(document: DocumentText, spec: FieldSpec, claim: Claim, located: Located) -> ExtractedValue:
    claimed = read_claim(spec, claim.value, claim.unit)
    if isinstance(claimed, Reason):
        passage = located.places[0].passages(document) if located.places else located.nearly
        confidence = _LOCATED_ONLY if passage else _NOT_LOCATED
        return replace(_entry(claim, Status.UNVERIFIED, claimed, confidence), evidence=passage)
    verdicts = [judge(document, spec, claimed, place) for place in located.places]
    proven = [verdict for verdict in verdicts if verdict.reason is None]
    if not proven:
        return _unverified(claim, located, verdicts)
    return _verified(claim, claimed, proven)


def _verified(claim: Claim, value: Value, proven: list[Verdict]) -> ExtractedValue:
    best = max(map(_confidence, proven))
    entry = _entry(claim, Status.VERIFIED, None, best)
    return replace(entry, value=value, raw_text=proven[0].raw_text, evidence=_evidence(proven))


def _confidence(verdict: Verdict) -> Decimal:
    base = _VERIFIED_BY_QUOTE if verdict.cue_in_quote else _VERIFIED_BY_CONTEXT
    return base if verdict.exact else base - _LESS_FOR_CASE


def _unverified(claim: Claim, located: Located, verdicts: list[Verdict]) -> ExtractedValue:
    """The doubt of the occurrence that came nearest to being proven: the one the value was read from."""
    if not verdicts:
        entry = _entry(claim, Status.UNVERIFIED, located.reason, _NOT_LOCATED)
        return replace(entry, evidence=located.nearly)
    nearest = next((verdict for verdict in verdicts if verdict.raw_text), verdicts[0])
    entry = _entry(claim, Status.UNVERIFIED, nearest.reason, _LOCATED_ONLY)
    return replace(entry, raw_text=nearest.raw_text, evidence=nearest.evidence)


def _evidence(verdicts: list[Verdict]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(_in_order(verdicts)))


def _in_order(verdicts: list[Verdict]) -> Iterator[Evidence]:
    for verdict in verdicts:
        yield from verdict.evidence


def _entry(claim: Claim, status: Status, reason: Reason | None, confidence: Decimal) -> ExtractedValue:
    return ExtractedValue(
        field=claim.field,
        status=status,
        value=None,
        wire_value=claim.value,
        wire_unit=claim.unit,
        raw_text="",
        evidence=(),
        doubt=Doubt(reason) if reason else None,
        confidence=confidence,
    )
