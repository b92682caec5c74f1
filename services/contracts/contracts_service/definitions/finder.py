"""Finds the definitions of a text by the ways in which contracts write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST = 1_500
_TERM = r"[A-Z0-9][^“”\"‘’;]{0,79}?"
_QUOTED = rf"(?:“(?P<curly>{_TERM})”|\"(?P<straight>{_TERM})\")"
# "Term" means …; "Term" (or "Terms") shall have the meaning given in …
_MEANS = re.compile(
    rf"{_QUOTED}\s*(?:,|\((?:or|and|each)[^)]{{0,80}}\))?\s*"
    r"(?:shall\s+|will\s+)?(?:means?\b|refers?\s+to\b|(?:is|are)\s+defined\b|ha(?:s|ve)\s+(?:the|its|their)\s+meanings?\b)"
)
# … (the "Term"); … (each, a "Term" and together the "Terms"); … (this "Agreement" or "ESA")
_IN_PARENTHESES = re.compile(r"\([^()]{0,120}?[“\"][^()]{1,120}\)")
_ANY_QUOTED = re.compile(_QUOTED)
_ELSEWHERE = re.compile(
    r"(?:ha(?:s|ve)\s+(?:the|its|their)\s+meanings?|(?:is|are)\s+defined|as\s+defined|means?\s+the\s+same\s+as)\b"
    r"[^.;]{0,80}?\b(?:in|by|under|at)\s+(?P<where>(?:the\s+)?(?:[^.;“”\"]|\.(?=\d)){2,160})",
    re.IGNORECASE,
)
# A part of this very document.
_OWN = re.compile(
    r"^(?:the\s+)?(?:(?:sections?|articles?|clauses?|paragraphs?|exhibits?|schedules?|annex(?:es)?|appendix|appendices)\b"
    r"|preamble|recitals?|introductory|first\s+paragraph|opening|this\s+(?!amendment|addendum|order|supplement)|herein)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:of|to|in)\s+(?:the|that)\s+(?!recitals?\b|preamble\b)[^,]*\b(?:agreement|contract|lease|annex|definitions)\b",
    re.IGNORECASE,
)
_END = re.compile(
    r"(?:(?<!\bNo)(?<!\bNos)(?<!\bInc)(?<!\bCorp)(?<!\bLtd)(?<!\bCo)\.|;)(?=\s+[“\"(A-Z0-9•]|\s*\n|\s*$)|\n\s*\n"
)


@dataclass(frozen=True, slots=True)
class Definition:
    """`term` as it is written; [start, end) is the passage in the text.

    `elsewhere` is where the reader is sent, in the text's words; empty where the meaning stands here.
    `own` tells that this is another part of the same document.
    """

    term: str
    start: int
    end: int
    elsewhere: str = ""
    own: bool = False

    @property
    def key(self) -> str:
        """The same for every way to write the term."""
        return key(self.term)


def key(term: str) -> str:
    """A term without case and with single spaces."""
    return " ".join(term.split()).casefold()


def find(text: str) -> list[Definition]:
    """In the order of the text."""
    return sorted([*_meanings(text), *_in_parentheses(text)], key=lambda one: one.start)


def _meanings(text: str) -> Iterator[Definition]:
    for match in _MEANS.finditer(text):
        end = _end(text, match.end())
        passage = text[match.start() : end]
        sent = _ELSEWHERE.search(passage, 0)
        # "means X, as defined in Y, and Z" has a meaning of its own.
        elsewhere = (
            sent["where"].strip(" ,\n") if sent and sent.start() <= match.end() - match.start() + 2 else ""
        )
        own = bool(elsewhere) and bool(_OWN.match(elsewhere)) and not _OTHERS.search(elsewhere)
        yield Definition(_term(match), match.start(), end, " ".join(elsewhere.split()), own)


def _in_parentheses(text: str) -> Iterator[Definition]:
    for parentheses in _IN_PARENTHESES.finditer(text):
        if _ELSEWHERE.search(parentheses[0]):
            continue
        start = _start(text, parentheses.start())
        for match in _ANY_QUOTED.finditer(text, parentheses.start(), parentheses.end()):
            yield Definition(_term(match), start, parentheses.end())


def _term(match: re.Match[str]) -> str:
    return " ".join((match["curly"] or match["straight"]).split()).rstrip(",")


def _end(text: str, place: int) -> int:
    """Of the sentence; a definition that never ends is cut."""
    last = min(len(text), place + _LONGEST)
    found = _END.search(text, place, last)
    return found.start() + (text[found.start()] in ".;") if found else last


def _start(text: str, place: int) -> int:
    """Of the sentence that leads to `place`."""
    first = max(0, place - _LONGEST // 3)
    ends = [match.end() for match in _END.finditer(text, first, place)]
    start = ends[-1] if ends else first
    return start + len(text[start:place]) - len(text[start:place].lstrip())
