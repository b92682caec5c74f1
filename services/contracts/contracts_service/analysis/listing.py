"""Entries of a list, proven and in the form in which rows carry them."""

from collections.abc import Sequence

from contracts_service.analysis.merging import list_answers
from contracts_service.analysis.model import StoredAttribute, StoredEntry
from contracts_service.analysis.storing import method_of, status_of, stored_evidence
from contracts_service.entries import ProvenEntry, prove
from contracts_service.evidence import DocumentText, ExtractedValue
from contracts_service.operations.model import GroupResult
from contracts_service.prompts.uses import Question


def stored_entries(
    document: DocumentText, question: Question, results: Sequence[GroupResult]
) -> list[StoredEntry]:
    """What the parts of the document gave for one list."""
    if question.spec is None:
        raise ValueError(f"{question.name} is no list")
    entries = prove(document, question.spec, list_answers(question, results))
    return [_stored(entry, question, results[0], document) for entry in entries]


def _stored(
    entry: ProvenEntry, question: Question, result: GroupResult, document: DocumentText
) -> StoredEntry:
    return StoredEntry(
        use=question.use.value,
        kind=entry.kind,
        status=status_of(entry.status),
        text=entry.text,
        grade=entry.grade,
        fallback=entry.fallback,
        evidence=tuple(stored_evidence(item, document) for item in entry.evidence),
        attributes=tuple(_attribute(value, document) for value in entry.attributes),
        method=method_of(result),
        model=result.model,
        prompt_version=result.prompt_version,
        confidence=entry.confidence,
        reason=entry.doubt.code.value if entry.doubt else "",
        reason_text=entry.doubt.sentence if entry.doubt else "",
    )


def _attribute(value: ExtractedValue, document: DocumentText) -> StoredAttribute:
    return StoredAttribute(
        name=value.field,
        status=status_of(value.status),
        value=value.wire_value,
        unit=value.wire_unit,
        raw_text=value.raw_text,
        evidence=[stored_evidence(item, document) for item in value.evidence],
        confidence=str(value.confidence),
        reason=value.reason,
        reason_text=value.reason_sentence,
    )
