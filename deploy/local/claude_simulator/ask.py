"""Answers a question about documents with the passages that share most words with it (BM25), verbatim."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from claude_simulator.rules.instructions import instructions_to_reader

MAX_SENTENCES = 3
_ENOUGH = 0.5  # share of the question's information a passage must cover to be an answer
_WORTH_ADDING = 0.8  # how near to the best score further passages must be
_LONGEST_PASSAGE = 700  # characters
_HEADING_WORDS = 7
_TITLED = re.compile(r"(?:ARTICLE|Article|Section|EXHIBIT|Exhibit|APPENDIX|Appendix)\s(?:\S+\s+){0,12}\S+")
_K1, _B = 1.2, 0.75

_WORD = re.compile(r"[A-Za-z]+|\d+(?:[.,]\d+)*")
_BOUNDARY = re.compile(r"(?<=[.;!?])[\"”’)]*\s+(?=[\"“(A-Z\d])|\n\s*\n|\n?\f")
_VERBS = re.compile(r"\b(?:is|are|shall|may|must|will|means)\b")
_LEADERS = re.compile(r"\.(?: ?\.){3,}")  # the dots of a table of contents
_COMMON_WORDS = (
    "a an and any are as at be been by can contract agreement document did do does for from happens has have "
    "how if in into is it its many me much must of on or say says shall should so such tell than that the "
    "their them then there these they this those to under was were what when where which who whom whose why "
    "will with would"
)
_IGNORED = frozenset(_COMMON_WORDS.split())
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ed", "es", "ly", "s", "y", "e")
_KINSHIP = {
    "law": "govern",
    "cost": "price",
    "bill": "invoice",
    "paid": "pay",
    "payable": "pay",
    "payment": "pay",
    "cancel": "terminat",
    "long": "year",
    "below": "less",
    "due": "within",
}
NOTHING_SAID = "The document does not say."


@dataclass(frozen=True)
class Sentence:
    """One sentence of an answer and the passages it rests on."""

    text: str
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """A sentence of a document, verbatim, and the heading it stands under."""

    text: str
    heading: str = ""


def answer(question: str, documents: Sequence[str]) -> list[Sentence]:
    """One to three sentences, best first, or the one that says there is no answer."""
    passages = [part for document in documents for part in split_passages(document)]
    # A prompt may explain how to answer before it says what is asked.
    asked = question.rpartition("Question:")[2]
    scored = sorted(_scores(_terms(asked), passages), key=lambda pair: -pair[0])
    chosen = [passage.text for score, passage in scored if score >= scored[0][0] * _WORTH_ADDING]
    if not chosen:
        return [Sentence(NOTHING_SAID, ())]
    return [Sentence(_plain(text), (text,)) for text in dict.fromkeys(chosen[:MAX_SENTENCES])]


def split_passages(document: str) -> list[Passage]:
    """The document's sentences under their headings; what instructs the reader is left out."""
    instructions = set(instructions_to_reader(document))
    passages, heading = [], ""
    for piece in _pieces(document):
        if _is_heading(piece):
            heading = piece
        elif piece not in instructions and not _LEADERS.search(piece):
            passages.append(Passage(piece, heading))
    return passages


def _is_heading(piece: str) -> bool:
    short = len(_WORD.findall(piece)) <= _HEADING_WORDS and not _VERBS.search(piece)
    return short or _TITLED.fullmatch(piece) is not None


def _pieces(document: str) -> Iterator[str]:
    start = 0
    for boundary in [*_BOUNDARY.finditer(document), None]:
        yield from _cut(document[start : boundary.start() if boundary else len(document)].strip())
        start = boundary.end() if boundary else start


def _cut(piece: str) -> Iterator[str]:
    """An overlong piece in parts, each ending at a space."""
    while len(piece) > _LONGEST_PASSAGE:
        space = max(piece.rfind(" ", 0, _LONGEST_PASSAGE), _LONGEST_PASSAGE // 2)
        yield piece[:space].strip()
        piece = piece[space:].strip()
    if piece:
        yield piece


def _scores(wanted: Sequence[str], passages: Sequence[Passage]) -> list[tuple[float, Passage]]:
    """BM25 of the passages that cover enough of the question; a heading counts as part of its passages."""
    bags = [Counter(_terms(f"{passage.heading} {passage.text}")) for passage in passages]
    length = sum(bag.total() for bag in bags) / max(len(bags), 1)
    weight = {term: _weight(sum(term in bag for bag in bags), len(bags)) for term in set(wanted)}
    enough = _ENOUGH * sum(weight.values())
    return [
        (_bm25(bag, weight, length), passage)
        for bag, passage in zip(bags, passages, strict=True)
        if wanted and sum(weight[term] for term in weight if term in bag) >= enough
    ]


def _weight(holders: int, passages: int) -> float:
    return math.log(1 + (passages - holders + 0.5) / (holders + 0.5))


def _bm25(bag: Counter[str], weight: dict[str, float], mean_length: float) -> float:
    norm = _K1 * (1 - _B + _B * bag.total() / mean_length)
    return sum(weight[term] * bag[term] * (_K1 + 1) / (bag[term] + norm) for term in weight)


def _terms(text: str) -> list[str]:
    words = (word.lower() for word in _WORD.findall(text))
    return [_stem(word) for word in words if word not in _IGNORED]


def _stem(word: str) -> str:
    word = _KINSHIP.get(word, word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= (3 if ending == "s" else 4):
            return word[: -len(ending)]
    return word


def _plain(passage: str) -> str:
    text = re.sub(r"\s+", " ", passage).strip()
    return text if text.endswith((".", "!", "?")) else text.rstrip(";:,") + "."
