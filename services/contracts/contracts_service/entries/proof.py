"""Proves entries: the passage stands, the reader's words add no figure to it, each attribute is re-read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from contracts_service.entries.answers import EntryAnswer, ListAnswer, Stated
from contracts_service.entries.spec import KindSpec, ListSpec
from contracts_service.evidence import (
    DocumentText,
    Doubt,
    Evidence,
    ExtractedValue,
    Place,
    Status,
    locate,
    verify_sentence,
    verify_stated,
)

_PROVEN, _LOCATED_ONLY, _NOT_LOCATED = Decimal("0.99"), Decimal("0.30"), Decimal("0.05")
#: Nobody has searched the document for what the reader did not find.
_ABSENT = Decimal("0.80")


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry with its proof, or with the doubt that keeps it from being proven; or a kind that is absent.

    `text` and `grade` are the reader's own, `fallback` is the playbook's.
    """

    kind: str
    status: Status
    text: str
    grade: str
    fallback: str
    evidence: tuple[Evidence, ...]
    attributes: tuple[ExtractedValue, ...]
    doubt: Doubt | None
    confidence: Decimal


def prove(document: DocumentText, spec: ListSpec, answers: Sequence[ListAnswer]) -> tuple[ProvenEntry, ...]:
    """The entries that the parts of a document gave, in the order of the list's kinds.

    What stands in several parts is one entry. A kind is absent that is absent in every part.
    """
    entries = [_proven(document, spec, entry) for answer in answers for entry in answer.entries]
    present = {entry.kind for entry in entries}
    absent = [_absent(kind) for kind in spec.kinds if kind.code not in present]
    order = {kind.code: place for place, kind in enumerate(spec.kinds)}
    return tuple(sorted([*_distinct(entries), *absent], key=lambda entry: order[entry.kind]))


def _distinct(entries: Iterable[ProvenEntry]) -> list[ProvenEntry]:
    found: dict[object, ProvenEntry] = {}
    for entry in entries:
        key = (entry.kind, entry.evidence or entry.text, tuple(map(_claim, entry.attributes)))
        found.setdefault(key, entry)
    return list(found.values())


def _claim(value: ExtractedValue) -> tuple[str, str, str]:
    return value.field, value.wire_value, value.wire_unit


def _proven(document: DocumentText, spec: ListSpec, entry: EntryAnswer) -> ProvenEntry:
    verdict = verify_sentence(document, entry.text, [entry.quote])
    confidence = _PROVEN if verdict.verified else _LOCATED_ONLY if verdict.evidence else _NOT_LOCATED
    places = locate(document, entry.quote).places
    kind = spec.kind(entry.kind)
    return ProvenEntry(
        kind=entry.kind,
        status=Status.VERIFIED if verdict.verified else Status.UNVERIFIED,
        text=entry.text,
        grade=entry.grade,
        fallback=kind.fallback if kind else "",
        evidence=verdict.evidence,
        attributes=_attributes(document, spec, entry.attributes, places),
        doubt=verdict.doubt,
        confidence=confidence,
    )


def _attributes(
    document: DocumentText, spec: ListSpec, stated: Sequence[Stated], places: Sequence[Place]
) -> tuple[ExtractedValue, ...]:
    """Every attribute of the list, in its order."""
    given = {one.name: one for one in stated}
    return tuple(
        verify_stated(
            document,
            attribute.field(given[attribute.name].unit),
            (given[attribute.name].value, given[attribute.name].unit, given[attribute.name].quote),
            places,
            redacted=given[attribute.name].redacted,
        )
        if attribute.name in given
        else _not_stated(attribute.name)
        for attribute in spec.attributes
    )


def _not_stated(name: str) -> ExtractedValue:
    return ExtractedValue(name, Status.ABSENT, None, "", "", "", (), None, _ABSENT)


def _absent(kind: KindSpec) -> ProvenEntry:
    return ProvenEntry(kind.code, Status.ABSENT, "", kind.silence, kind.fallback, (), (), None, _ABSENT)
