"""Finds where a document contradicts itself. No model is asked; what is doubtful is left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from contracts_service.contradictions.across import find_across
from contracts_service.contradictions.finders import (
    bands,
    chronology,
    clauses,
    computations,
    conflicts,
    days,
    definitions,
    equivalents,
    escalation,
    nameplate,
    references,
    subjects,
    sums,
    words_and_figures,
)
from contracts_service.contradictions.model import Contradiction, Passage
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.tables import Table
from contracts_service.evidence.model import DocumentText, ExtractedValue

Finder = Callable[[Reading], Iterator[Contradiction]]

#: The surest of a kind first: what a later one finds at the same places is the same contradiction.
FINDERS: tuple[Finder, ...] = (
    words_and_figures.find,
    equivalents.find,
    subjects.find,
    nameplate.find,
    clauses.find,
    conflicts.find,
    definitions.find,
    days.find,
    chronology.find,
    escalation.find,
    computations.find,
    sums.find,
    bands.find,
    references.find,
)
#: A document with more than these is no contract that a person would go through point by point.
MOST = 200


def find_in_force(
    documents: Sequence[DocumentText],
    values: Sequence[ExtractedValue] = (),
    amended: Sequence[DocumentText] = (),
) -> list[Contradiction]:
    """Of a contract: each document with itself, then each amendment with the agreement.

    `documents` begins with the one that holds now, of which `values` were read, and ends with the agreement.
    `amended` are of other contracts, which this one amends.
    """
    readings = [
        Reading(document, values=() if place else tuple(values)) for place, document in enumerate(documents)
    ]
    alone = [one for reading in readings for one in _of(reading)]
    *amendments, base = readings
    across = [one for amendment in amendments for one in find_across(base, amendment)]
    across += [one for text in amended for reading in readings for one in find_across(Reading(text), reading)]
    return _distinct([*alone, *across])[:MOST]


def find(
    document: DocumentText,
    *,
    tables: Sequence[Table] | None = None,
    values: Sequence[ExtractedValue] = (),
) -> list[Contradiction]:
    """The contradictions in the order in which they stand, at most MOST.

    `tables` with offsets of the stored text, where they are known; else what looks like a table in its
    lines. `values` are the proven ones, where there are any.
    """
    return _of(Reading(document, None if tables is None else tuple(tables), tuple(values)))[:MOST]


def _of(reading: Reading) -> list[Contradiction]:
    found = _distinct(one for finder in FINDERS for one in finder(reading))
    return sorted(found, key=lambda one: one.first)


def _distinct(found: Iterable[Contradiction]) -> list[Contradiction]:
    """Each key once, and none at whose places one of the same kind was found already."""
    kept: dict[str, Contradiction] = {}
    for one in found:
        if one.key not in kept and not any(_same_places(one, other) for other in kept.values()):
            kept[one.key] = one
    return list(kept.values())


def _same_places(one: Contradiction, other: Contradiction) -> bool:
    there = _narrow(other)
    return one.kind is other.kind and all(
        any(_touch(passage, each) for each in there) for passage in _narrow(one)
    )


def _narrow(one: Contradiction) -> list[Passage]:
    """Its passages without those that are only the sentence around another one."""
    return [
        passage
        for passage in one.passages
        if not any(_around(passage, other) for other in one.passages if other is not passage)
    ]


def _around(one: Passage, other: Passage) -> bool:
    here, there = one.evidence, other.evidence
    return (
        one.document_id == other.document_id
        and (here.char_start, here.char_end) != (there.char_start, there.char_end)
        and here.char_start <= there.char_start
        and there.char_end <= here.char_end
    )


def _touch(one: Passage, other: Passage) -> bool:
    here, there = one.evidence, other.evidence
    return one.document_id == other.document_id and (
        here.char_start < there.char_end and there.char_start < here.char_end
    )
