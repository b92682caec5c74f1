"""Contracts with words changed where their facts stand: what is true of them is known by construction."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from contracts_service.evidence import DocumentText
from tests.eval.verifier.claims import Told
from tests.eval.verifier.facts import Contract, Fact


@dataclass(frozen=True)
class Edited:
    """What a fact's quote reads after the change, and the claims (value, unit, quote) about it."""

    words: str
    claims: tuple[tuple[str, str, str], ...]


#: Of a fact, its quote, and where the figure stands in it; None where the change cannot be made.
Edit = Callable[[Fact, str, int, int, Random], Edited | None]
_PAGE_END = re.compile(r"\f")


def as_claimed(fact: Fact, quote: str) -> tuple[str, str, str]:
    """The claim that was true before the change, with this quote."""
    return fact.value, fact.unit, quote


def unit_of(fact: Fact) -> str:
    """The unit as the contract writes it, of a claim's "days after receipt"."""
    return re.split(r" (?:after|before) ", fact.unit)[0]


def told(contract: Contract, kind: str, edit: Edit, random: Random) -> Iterator[Told]:
    """The claims about a copy of the contract in which every fact that can be was changed."""
    chosen = _apart([fact for fact in contract.facts if fact.figure], random)
    edits = [(fact, made) for fact in chosen if (made := _edited(contract.text, fact, edit, random))]
    document = _document(contract.document, [(fact.start, fact.end, made.words) for fact, made in edits])
    text = _key(document.text)
    for fact, made in edits:
        for value, unit, quote in made.claims:
            if _of_this_place(text, made.words, quote):
                yield Told(kind, document, fact.field, fact.kind, value, unit, quote)


def _of_this_place(text: str, words: str, quote: str) -> bool:
    """Whether a quote stands nowhere but in the changed words: elsewhere it may say something else."""
    return text.count(_key(quote)) <= _key(words).count(_key(quote))


def _key(text: str) -> str:
    seen = "".join(one for one in text if unicodedata.category(one) != "Cf")
    return " ".join(seen.lower().split())


def _edited(text: str, fact: Fact, edit: Edit, random: Random) -> Edited | None:
    if fact.figure is None:
        return None
    quote = text[fact.start : fact.end]
    return edit(fact, quote, fact.figure[0] - fact.start, fact.figure[1] - fact.start, random)


def _apart(facts: list[Fact], random: Random) -> list[Fact]:
    """As many of the facts as do not touch each other, in the order of the text; those of fields first."""
    shuffled = random.sample(facts, len(facts))
    taken: list[Fact] = []
    for fact in sorted(shuffled, key=lambda one: not one.field):
        if all(fact.end < one.start - 2 or one.end < fact.start - 2 for one in taken):
            taken.append(fact)
    return sorted(taken, key=lambda one: one.start)


def _document(document: DocumentText, changes: list[tuple[int, int, str]]) -> DocumentText:
    pieces: list[str] = []
    place = 0
    for start, end, words in changes:
        pieces += [document.text[place:start], words]
        place = end
    text = "".join([*pieces, document.text[place:]])
    if len(document.pages) == 1:
        return replace(document, text=text, pages=((0, len(text)),))
    ends = [match.end() for match in _PAGE_END.finditer(text)] + [len(text)]
    return replace(document, text=text, pages=tuple(zip([0, *ends[:-1]], ends, strict=True)))
