"""Proves what Claude said and makes it the contract's record, once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis.listing import stored_entries
from contracts_service.analysis.merging import by_question, group_answers, list_answers, merged
from contracts_service.analysis.model import StoredEntry, StoredValue
from contracts_service.analysis.storing import method_of, status_of, stored_evidence
from contracts_service.evidence import (
    DocumentText,
    ExtractedValue,
    Status,
    locate_sentence_evidence,
    verify,
)
from contracts_service.fields import FieldAnswer
from contracts_service.operations.model import GroupResult
from contracts_service.prompts.uses import QUESTIONS

_STATUS_PREFIX = "VALUE_STATUS_"
_STATUS_NAMES = {
    value.number: value.name.removeprefix(_STATUS_PREFIX).lower()
    for value in contract_pb2.ValueStatus.DESCRIPTOR.values
}
_PROVEN = frozenset({Status.VERIFIED, Status.CONFLICT})


def proven(document: DocumentText, results: Sequence[GroupResult]) -> list[StoredValue]:
    """Every value of every group with its status and proof, in the catalogue's order."""
    return [
        _stored(value, group, of_group[0], document)
        for group, of_group in by_question(results).items()
        if QUESTIONS[group].spec is None
        for field, answers in merged(group, group_answers(of_group)).items()
        for value in _verified(document, field, answers)
    ]


def proven_entries(document: DocumentText, results: Sequence[GroupResult]) -> list[StoredEntry]:
    """Every entry of every list with its status and proof, in the order of uses and kinds."""
    return [
        entry
        for name, of_list in by_question(results).items()
        if QUESTIONS[name].spec is not None
        for entry in stored_entries(document, QUESTIONS[name], of_list)
    ]


def _verified(document: DocumentText, field: str, answers: Sequence[FieldAnswer]) -> Iterable[ExtractedValue]:
    """What one part blacks out is told beside what the others say, unless those proved it."""
    first, *others = (verify(document, {field: answer}) for answer in answers)
    yield from first
    if not any(value.status in _PROVEN for value in first):
        yield from (value for values in others for value in values)


def summary(
    document: DocumentText, results: Sequence[GroupResult], values: Iterable[StoredValue]
) -> dict[str, object]:
    """What the contract record shows of its analysis."""
    counts = Counter(_STATUS_NAMES[value.status] for value in values)
    return {
        "counts": dict(counts),
        "model": results[0].model if results else "",
        "simulated": any(result.simulated for result in results),
        "cost_micro_usd": sum(result.cost_micro_usd for result in results),
        # Only what the document really says: an invented sentence is not found, and not reported.
        "instructions_to_reader": [
            stored_evidence(passage, document)
            for located in locate_sentence_evidence(document, _told_to_machines(results))
            for passage in located.evidence[:1]
        ],
    }


def _told_to_machines(results: Sequence[GroupResult]) -> tuple[str, ...]:
    told: dict[str, None] = {}
    for name, of_question in by_question(results).items():
        question = QUESTIONS[name]
        answers = group_answers(of_question) if question.spec is None else list_answers(question, of_question)
        for answer in answers:
            told |= dict.fromkeys(answer.instructions_to_reader)
    return tuple(told)


def _stored(value: ExtractedValue, group: str, result: GroupResult, document: DocumentText) -> StoredValue:
    return StoredValue(
        group=group,
        field=value.field,
        status=status_of(value.status),
        value=value.wire_value,
        unit=value.wire_unit,
        raw_text=value.raw_text,
        evidence=tuple(stored_evidence(item, document) for item in value.evidence),
        method=method_of(result),
        model=result.model,
        prompt_version=result.prompt_version,
        confidence=value.confidence,
        reason=value.reason,
        reason_text=value.reason_sentence,
    )
