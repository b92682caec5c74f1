"""What is true in the contracts: facts of the catalogue's fields, looked up by hand, and plain statements."""

import asyncio
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts_service.evidence import DocumentText
from contracts_service.extraction.isolate import extract
from local_mesh.state import REPOSITORY
from tests.eval.verifier.plain import MONTHS, NUMBER_WORD, Plain, plain_statements

_DATA = REPOSITORY.parent / "shared/data/contracts"
_SAMPLE = REPOSITORY / "deploy/local/sample"
_FACTS = Path(__file__).parent / "facts.toml"
#: A quote is at most so many characters on either side of what it is quoted for.
_REACH = 70
# The end of a sentence or page, a redaction, another number with what it counts.
_STOP = re.compile(
    rf"[.;]\s|\n\s*\n|\f|\*\*|\b(?:{MONTHS})\b|(?:[0-9]%?|{NUMBER_WORD.pattern})[\s)-]*"
    r"(?:(?:business\s+|contract\s+)?(?:days?|months?|years?|hours?)|[kM]Wh?|volts?|cents?|percent|dollars)?\b\)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Fact:
    """A true claim: the quote is [start, end) of the contract's text, `figure` the part that bears the value.

    `field` is of the catalogue, or "" for a plain statement of some `kind`; `accepted` holds all true values
    of the field in this contract.
    """

    field: str
    kind: str
    value: str
    unit: str
    start: int
    end: int
    figure: tuple[int, int] | None
    accepted: frozenset[str]


@dataclass(frozen=True)
class Contract:
    """A document, and what is true in it."""

    name: str
    document: DocumentText
    facts: tuple[Fact, ...]

    @property
    def text(self) -> str:
        """The stored text."""
        return self.document.text


def contracts() -> Iterator[Contract]:
    """The sample agreement, and those of the four real ones that are beside the checkout."""
    yield sample()
    for name, entry in tomllib.loads(_FACTS.read_text("utf-8")).items():
        path = _DATA / entry["path"]
        if path.is_file():
            document = _document(name, path.read_bytes().decode("utf-8"))
            yield _contract(document, _labelled(document, entry["facts"]))


def plain_contract(path: Path) -> Contract:
    """A contract of which only the plain statements are known."""
    return _contract(_document(path.stem, path.read_bytes().decode("utf-8")), [])


def sample() -> Contract:
    """The sample agreement as its PDF is read."""
    path = _SAMPLE / "documents/agreement.pdf"
    read = asyncio.run(extract(path, filename=path.name, declared_type=""))
    document = DocumentText(read.text, read.pages, "sample agreement", sha256(path.read_bytes()).hexdigest())
    fields = json.loads((_SAMPLE / "truth.json").read_text("utf-8"))["documents"]["agreement"]["fields"]
    facts = [
        fact
        for name, entry in fields.items()
        if entry["state"] == "FOUND"
        for one in entry["findings"]
        if (fact := _sample_fact(document.text, name, one, entry["findings"]))
    ]
    return _contract(document, facts)


def _document(name: str, text: str) -> DocumentText:
    return DocumentText(text, ((0, len(text)),), name, sha256(text.encode()).hexdigest())


def _contract(document: DocumentText, facts: list[Fact]) -> Contract:
    plain = plain_statements(document.text)
    known = [_with_figure(fact, plain) for fact in facts]
    return Contract(document.document_id, document, (*known, *_unnamed(document, plain)))


def _sample_fact(text: str, field: str, one: Mapping[str, str], all_of_it: list[Any]) -> Fact | None:
    """None where a page ends within the quote: no reader may quote across it."""
    match = re.search(r"\s+".join(map(re.escape, one["quote"].split())), text)
    if match is None or "\f" in match[0]:
        return None
    accepted = frozenset(other["value"] for other in all_of_it)
    return Fact(field, "", one["value"], one["unit"], *match.span(), None, accepted)


def _labelled(document: DocumentText, entries: list[dict[str, Any]]) -> list[Fact]:
    values: dict[str, set[str]] = {}
    for one in entries:
        values.setdefault(one["field"], set()).update((one["value"], *one.get("also", ())))
    return [
        Fact(one["field"], "", one["value"], one["unit"], *one["span"], None, frozenset(values[one["field"]]))
        for one in entries
    ]


def _with_figure(fact: Fact, plain: list[Plain]) -> Fact:
    """Where the value stands in the quote, as the only plain statement of that value."""
    within = [one for one in plain if fact.start <= one.start and one.end <= fact.end]
    bearing = [one for one in within if one.value == fact.value]
    if len(bearing) != 1:
        return fact
    return replace(fact, figure=(bearing[0].start, bearing[0].end), kind=bearing[0].kind)


def _unnamed(document: DocumentText, plain: list[Plain]) -> Iterator[Fact]:
    for one in plain:
        start, end = _quote_around(document.text, one)
        if end - start >= 12:
            yield Fact(
                "", one.kind, one.value, one.unit, start, end, (one.start, one.end), frozenset({one.value})
            )


def _quote_around(text: str, one: Plain) -> tuple[int, int]:
    """The words around a statement up to the sentence's end, the next number or redaction, or the reach."""
    before = text[max(0, one.start - _REACH) : one.start]
    last = max((match.end() for match in _STOP.finditer(before)), default=0)
    opening = re.search(r"(?<=\s)\S", before[last:])
    start = one.start - (len(before) - last) + (opening.start() if opening else len(before) - last)
    after = text[one.end : one.end + _REACH]
    first = _STOP.search(after)
    cut = after[: first.start()] if first else after
    closing = re.search(r"\S(?=\s+\S*$)", cut)
    return min(start, one.start), one.end + (closing.end() if closing else 0)
