"""Follows a term through documents, from the one that holds before the others on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from contracts_service.definitions.finder import Definition

# By contract, in the order in which the documents hold.
Defined = Mapping[UUID, Sequence[Definition]]


class State(StrEnum):
    """How the search for a meaning ended."""

    RESOLVED = "RESOLVED"
    MISSING = "MISSING"
    CIRCULAR = "CIRCULAR"


@dataclass(frozen=True, slots=True)
class Resolved:
    """`at` is the meaning, or the last reference; `references` led there; `overridden` are other meanings."""

    term: str
    state: State
    at: tuple[UUID, Definition]
    references: tuple[tuple[UUID, Definition], ...]
    overridden: tuple[tuple[UUID, Definition], ...]


def resolve(key: str, defined: Defined, titles: Mapping[UUID, str]) -> Resolved | None:
    """None where no document has the term. `titles` help to find the document that a reference means."""
    having = {document: found for document, all_ in defined.items() if (found := _of(key, all_))}
    if not having:
        return None
    path: list[tuple[UUID, Definition]] = []
    at = next(iter(having))
    while True:
        best = min(having[at], key=lambda one: (bool(one.elsewhere), one.start))
        if not best.elsewhere:
            return _ended(State.RESOLVED, (at, best), path, having)
        path.append((at, best))
        onward = [] if best.own else [document for document in having if document != at]
        if not onward:
            return _ended(State.MISSING, path[-1], path[:-1], having)
        at = max(onward, key=lambda document: _likeness(best.elsewhere, titles.get(document, "")))
        if any(document == at for document, _ in path):
            return _ended(State.CIRCULAR, path[-1], path[:-1], having)


def _of(key: str, definitions: Sequence[Definition]) -> list[Definition]:
    return [one for one in definitions if one.key == key]


def _ended(
    state: State,
    at: tuple[UUID, Definition],
    path: Sequence[tuple[UUID, Definition]],
    having: Mapping[UUID, Sequence[Definition]],
) -> Resolved:
    others = (
        (document, meanings[0])
        for document, found in having.items()
        if document != at[0] and (meanings := [one for one in found if not one.elsewhere])
    )
    return Resolved(at[1].term, state, at, tuple(path), tuple(others))


def _likeness(where: str, title: str) -> int:
    """How many words of a reference a document's title has; the earlier document wins a tie."""
    words = {word for word in where.casefold().split() if len(word) > 3}
    return len(words & set(title.casefold().split()))
