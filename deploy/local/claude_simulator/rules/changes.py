"""Where a document changes another: what its words strike, and what they put in its place.

In the patterns, a space is any white space.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from claude_simulator.rules.numbers import WORDS
from claude_simulator.rules.values import KINDS

SAYS_VALUE = re.compile(rf"\d|{WORDS}", re.IGNORECASE)
_WITHIN = r"(?:[^.;“”\"]|\.(?=\d))"  # a character of the same sentence, outside of quotation marks
_LINE_SPACE = r"[^\S\n]"
_CELL_EDGE = rf"(?:{_LINE_SPACE}|\|)+"

_CHANGED = (
    r"(?:changed|amended|revised|modified|adjusted|increased|raised|reduced|decreased|lowered|extended|shortened"
    r"|postponed|moved|updated|corrected)"
)
_CHANGE = (
    r"(?:changes?|amends?|revises?|modif(?:y|ies)|adjusts?|increases?|raises?|reduces?|decreases?|lowers?"
    r"|extends?|shortens?|postpones?|moves?|updates?|corrects?)"
)
_OLD_TO_NEW = rf"from (?P<old>{_WITHIN}{{1,60}}?) (?P<to>to) "
_PASSIVE = rf"\b(?P<struck>(?:(?:is|are|be|been|has|have|shall|will|hereby) ){{0,4}}{_CHANGED} {_OLD_TO_NEW})"
_ACTIVE = rf"\b{_CHANGE} {_WITHIN}{{1,80}}? (?P<struck>{_OLD_TO_NEW})"

_OLD = r"(?P<mark>[“\"])(?P<old>[^“”\"]{1,600})[”\"],?"
_NEW = r"[“\"](?P<new>[^“”\"]{1,600})"
_ENTIRELY = r"(?: in (?:its|their) entirety)?"
# The title of a clause says what the value is, where the sentence says only where it stands.
_TITLE = rf"(?:\A|\n){_LINE_SPACE}*(?:\d[\d.]*|\(\w\)){_LINE_SPACE}+[A-Z][^.;:\n]{{2,70}}"
_IS_REPLACED = (
    rf"(?:{_TITLE}(?P<where>\. In {_WITHIN}{{1,100}}?, ))?{_OLD} (?:is|are|shall be) (?:hereby )?"
    rf"(?:(?:deleted|struck|removed){_ENTIRELY} and )?(?:is )?(?:hereby )?"
    rf"(?:replaced|superseded|substituted){_ENTIRELY} (?:with|by)(?: the following)?:? {_NEW}"
)
_REPLACING = (
    rf"\b(?:deleting|striking|removing|replacing) (?:{_WITHIN}{{1,40}} )?{_OLD} (?:with|by"
    rf"|and (?:inserting|substituting|replacing it with)(?: in (?:its|their) (?:place|stead))?):? {_NEW}"
)

_COLUMNS = (
    rf"\b(?:Before|From|Old|Existing|Current|Original|Prior|Previous)(?:{_LINE_SPACE}\w+)?{_CELL_EDGE}"
    rf"(?:After|To|New|Amended|Revised|Replacement)(?:{_LINE_SPACE}\w+)?{_LINE_SPACE}*\n"
)
_SENTENCE_ENDS = r"[^\n]*[.;:]\s*(?:\n|\Z)"  # no line of a table does
_ROWS = rf"(?P<rows>(?:(?!{_SENTENCE_ENDS})[^\n]+(?:\n|\Z)){{1,60}})"


@dataclass(frozen=True)
class Change:
    """What is struck, [start, end), and where the words that hold from now on stand, [new_start, new_end).

    `joint` is read in place of what is struck. `new_end` is None where the statement has no marked end.
    """

    start: int
    end: int
    joint: str
    new_start: int
    new_end: int | None


def changes(document: str) -> list[Change]:
    """The changes that a document makes, in order and apart from each other."""
    found = [*_from_to(document), *_replaced(document), *_in_tables(document)]
    apart: list[Change] = []
    for change in sorted(found, key=lambda one: (one.start, -one.end)):
        if not apart or change.start >= apart[-1].end:
            apart.append(change)
    return apart


def _pattern(words: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(words.replace(" ", r"\s+"), flags)


def _unnamed(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


_FROM_TO_PATTERNS = (_pattern(_PASSIVE), _pattern(_ACTIVE))
_REPLACED_PATTERNS = (_pattern(_IS_REPLACED), _pattern(_REPLACING))
_TABLE = re.compile(_COLUMNS + _ROWS)
_PAIRS = tuple(
    re.compile(
        rf"(?<![^\s|])(?=[^\s|])(?P<old>{value}){_CELL_EDGE}(?P<new>{value}){_LINE_SPACE}*\|?$",
        re.IGNORECASE | re.MULTILINE,
    )
    for value in (_unnamed(kind.pattern) for kind in KINDS.values())
)


def _from_to(document: str) -> Iterator[Change]:
    for pattern in _FROM_TO_PATTERNS:
        for match in pattern.finditer(document):
            if SAYS_VALUE.search(match["old"]):
                yield Change(*match.span("struck"), "is ", match.start("to"), None)


def _replaced(document: str) -> Iterator[Change]:
    """A quoted value goes, with all up to the new one; a quoted name stays: it says what is replaced."""
    for pattern in _REPLACED_PATTERNS:
        for match in pattern.finditer(document):
            start = match.end("old")
            if SAYS_VALUE.search(match["old"]):
                where = match.groupdict().get("where")
                start = match.start("where") if where else match.start("mark")
            yield Change(start, match.start("new"), ": ", *match.span("new"))


def _in_tables(document: str) -> Iterator[Change]:
    for table in _TABLE.finditer(document):
        for pair in _PAIRS:
            for match in pair.finditer(document, *table.span("rows")):
                yield Change(match.start("old"), match.start("new"), "", *match.span("new"))
