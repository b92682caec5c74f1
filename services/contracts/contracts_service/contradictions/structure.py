"""How a document is divided: its body and attachments, the numbered sections and their captions."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contracts_service.evidence.model import DocumentText

ATTACHMENTS = ("exhibit", "schedule", "appendix", "annex", "attachment")
_KINDS = "|".join(ATTACHMENTS)
_ATTACHMENT = re.compile(
    rf"(?:^|(?<=\f))[ \t]*(?P<kind>{_KINDS})[ \t]+"
    r"[\"“'(]?(?P<label>[A-Z]|[IVX]{1,4}|\d{1,2})[\"”')]?"
    r"(?![\w./-]*\w)(?P<rest>[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_CONTENTS = re.compile(r"(?:\.\s?){4,}|\s\d{1,3}\s*$")
_CLAUSE = re.compile(
    r"(?:^|(?<=\n)|(?<=\f)|(?<=[.;:)\]”\"']\s)|(?<=\s\s))[ \t]{0,40}(?P<word>Section\s+|SECTION\s+|§\s*)?"
    r"(?P<article>\d{1,2})\.(?P<number>\d{1,2})(?![\d%])(?!\.\d)\.?[)\s]\s*"
    r"(?=(?P<caption>[A-Z\"“(\[][^.\n]{2,80})?)",
)
_ARTICLE = re.compile(
    r"(?:^|(?<=[\n\f]))[ \t]*(?:ARTICLE|Article|SECTION|Section)[ \t]+"
    r"(?P<number>\d{1,2}|[IVXL]{1,7})\b(?!\.\d)"
)
# "12. NOTICES": what short agreements have instead of articles.
_TOP = re.compile(
    r"(?:^|(?<=[\n\f]))[ \t]{0,40}(?:Section[ \t]+|SECTION[ \t]+)?"
    r"(?P<number>\d{1,2})\.[ \t]+(?=[A-Z\"“(])[^\n]{3}"
)
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
_AMENDMENT = re.compile(
    r"\b(?:amendment\s+(?:no|number|to|agreement)\b|(?:first|second|third|fourth|fifth|sixth)\s+amendment\b)",
    re.IGNORECASE,
)
_FRONT = 1_500
_REFERS = re.compile(
    r"\b(?:Sections?|Articles?|Clauses?|Paragraphs?|and|or|through|to|of|in|with)\s+$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Clause:
    """Section `article`.`number`, from its number at `start` to the next at `end`, of the stored text."""

    article: int
    number: int
    caption: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Attachment:
    """An exhibit, a schedule or the like that begins at `start`; `sure` where it stands as a heading."""

    kind: str
    label: str
    start: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """Parts and sections of the stored text. `amends` where the document changes another one.

    `tops` are the sections that have a plain number, with where they begin.
    """

    clauses: tuple[Clause, ...]
    attachments: tuple[Attachment, ...]
    articles: frozenset[int]
    tops: Mapping[int, int]
    amends: bool
    starts: tuple[int, ...]

    def part_at(self, place: int) -> int:
        """0 in the body; else which attachment it is, counted from 1."""
        return bisect_right(self.starts, place)

    def clause_at(self, place: int) -> Clause | None:
        """The section in which the character at `place` stands."""
        i = bisect_right(self.clauses, place, key=lambda clause: clause.start) - 1
        return self.clauses[i] if i >= 0 else None


def structure_of(document: DocumentText) -> Structure:
    """Reads the parts and sections off the stored text."""
    text = document.text
    attachments = tuple(map(_attachment, _ATTACHMENT.finditer(text)))
    first_clause = next((match.start() for match in _CLAUSE.finditer(text)), 0)
    return Structure(
        clauses=_clauses(text),
        attachments=attachments,
        articles=frozenset(
            number for match in _ARTICLE.finditer(text) if (number := _value(match["number"]))
        ),
        tops={int(match["number"]): match.start() for match in reversed(list(_TOP.finditer(text)))},
        amends=amends(text),
        starts=tuple(one.start for one in attachments if one.sure and one.start > first_clause),
    )


def amends(text: str) -> bool:
    """Whether the document calls itself an amendment, by its front."""
    return _AMENDMENT.search(text, 0, _FRONT) is not None


def _refers(match: re.Match[str]) -> bool:
    """Whether it is a reference that a line begins with, and no heading."""
    if match["word"]:
        return match["caption"] is None
    before = match.string[max(0, match.start() - 30) : match.start()]
    return _REFERS.search(before) is not None


def _clauses(text: str) -> tuple[Clause, ...]:
    matches = [match for match in _CLAUSE.finditer(text) if not _refers(match)]
    ends = [*(match.start() for match in matches[1:]), len(text)][: len(matches)]
    return tuple(
        Clause(
            int(match["article"]), int(match["number"]), (match["caption"] or "").strip(), match.start(), end
        )
        for match, end in zip(matches, ends, strict=True)
    )


def _attachment(match: re.Match[str]) -> Attachment:
    kind, rest = match["kind"], match["rest"]
    heading = kind.isupper() or not rest.strip() or re.match(r"\s*[-–—:]", rest)
    listed = _CONTENTS.search(rest)
    return Attachment(kind.lower(), match["label"].upper(), match.start(), bool(heading and not listed))


def contiguous(numbers: Iterable[int]) -> int:
    """How far the numbers run from 1 without a gap."""
    there, last = set(numbers), 0
    while last + 1 in there:
        last += 1
    return last


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    digits = [_ROMAN[letter] for letter in number]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-one if one < following else one for one, following in pairs)
