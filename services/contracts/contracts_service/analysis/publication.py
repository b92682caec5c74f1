"""Proves what Claude said and makes it the contract's record, once."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bloom.contracts.v1 import contract_pb2
from contracts_service.analysis.model import StoredEvidence, StoredValue
from contracts_service.evidence import (
    DocumentText,
    Evidence,
    ExtractedValue,
    locate_sentence_evidence,
    verify,
)
from contracts_service.fields import FIELDS, GroupAnswer, parse_group_answer
from contracts_service.operations.model import GroupResult

_STATUS_PREFIX = "VALUE_STATUS_"
_STATUS_NAMES = {
    value.number: value.name.removeprefix(_STATUS_PREFIX).lower()
    for value in contract_pb2.ValueStatus.DESCRIPTOR.values
}


def proven(document: DocumentText, results: Sequence[GroupResult]) -> list[StoredValue]:
    """Every value of every group with its status and proof, in the catalogue's order."""
    answers = _answers(results)
    by_group = {result.group: result for result in results}
    fields = {name: answer for group in answers.values() for name, answer in group.fields.items()}
    return [
        _stored(value, by_group[FIELDS[value.field].group], document) for value in verify(document, fields)
    ]


def summary(
    document: DocumentText, results: Sequence[GroupResult], values: Iterable[StoredValue]
) -> dict[str, object]:
    """What the contract record shows of its analysis."""
    counts = Counter(_STATUS_NAMES[value.status] for value in values)
    sentences = dict.fromkeys(
        sentence for answer in _answers(results).values() for sentence in answer.instructions_to_reader
    )
    return {
        "counts": dict(counts),
        "model": results[0].model,
        "simulated": any(result.simulated for result in results),
        "cost_micro_usd": sum(result.cost_micro_usd for result in results),
        # Only what the document really says: an invented sentence is not found, and not reported.
        "instructions_to_reader": [
            stored_evidence(passage, document)
            for located in locate_sentence_evidence(document, tuple(sentences))
            for passage in located.evidence[:1]
        ],
    }


def _answers(results: Sequence[GroupResult]) -> dict[str, GroupAnswer]:
    return {result.group: parse_group_answer(result.group, result.answer) for result in results}


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


def _stored(value: ExtractedValue, result: GroupResult, document: DocumentText) -> StoredValue:
    method = contract_pb2.VALUE_METHOD_SIMULATOR if result.simulated else contract_pb2.VALUE_METHOD_CLAUDE
    return StoredValue(
        group=result.group,
        field=value.field,
        status=contract_pb2.ValueStatus.Value(_STATUS_PREFIX + value.status),
        value=value.wire_value,
        unit=value.wire_unit,
        raw_text=value.raw_text,
        evidence=tuple(stored_evidence(item, document) for item in value.evidence),
        method=method,
        model=result.model,
        prompt_version=result.prompt_version,
        confidence=value.confidence,
        reason=value.reason,
        reason_text=value.reason_sentence,
    )
