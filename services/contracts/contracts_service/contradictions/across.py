"""An amendment against the agreement that it amends, where it does not say that it replaces."""

import re
from collections.abc import Iterator

from contracts_service.contradictions.finders.references import last_sections
from contracts_service.contradictions.model import Contradiction, Kind, Passage, Severity
from contracts_service.contradictions.reading import Reading
from contracts_service.contradictions.statements import Statement, statements
from contracts_service.contradictions.wording import day

_OF_THE_AGREEMENT = re.compile(
    r"\bSections?\s+(?P<article>\d{1,2})\.(?P<number>\d{1,2})(?!\d|\.\d)(?:\([a-z0-9]{1,4}\))*\s+(?:of|to|in)\s+the\s+"
    r"(?:Original\s+|Existing\s+|Master\s+)?Agreement\b"
)
_DELETED = re.compile(
    r"\"(?P<words>[^\"\n]{3,200})\"\s+(?:is|are)\s+(?:hereby\s+)?(?:deleted|replaced|stricken|struck|changed)\b"
)
_IN_THE_AGREEMENT = re.compile(r"\bof\s+the\s+(?:Original\s+|Existing\s+|Master\s+)?Agreement\b[^.\n]{0,80}$")
# Whoever changes a term says so near it.
_CHANGES = re.compile(
    r"\b(?:amend\w*|replac\w+|delet\w+|restat\w+|chang\w+|instead|in\s+lieu|supersed\w+|extend\w*|increas\w+|"
    r"decreas\w+|reduc\w+|rais\w+|now\s+read\w*|notwithstanding|shall\s+(?:be|mean|read)|modif\w+|revis\w+)\b",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\bAgreement,?(?:\s+Reference\s+No\.\s+[\w-]+,)?\s+(?:\(?as\s+amended\)?\s+)?(?:dated|made|entered\s+into)\s+(?:as\s+of\s+)?$",
    re.IGNORECASE,
)
_FRONT = 3_000
_NEAR = 400


def find_across(base: Reading, amendment: Reading) -> Iterator[Contradiction]:
    """Contradictions with one passage in each of the two."""
    yield from _references(base, amendment)
    yield from _misquoted(base, amendment)
    yield from _dates(base, amendment)
    yield from _statements(base, amendment)


def _references(base: Reading, amendment: Reading) -> Iterator[Contradiction]:
    """ "Section 9.9 of the Agreement", where Article 9 of the agreement ends with Section 9.4."""
    last = last_sections(base.structure.clauses)
    for match in amendment.matches(_OF_THE_AGREEMENT):
        article, number = int(match["article"]), int(match["number"])
        clause = last.get(article)
        if clause and number > clause.number and not _adds(amendment, match.end()):
            name, ends = f"Section {article}.{number}", f"Section {article}.{clause.number}"
            yield Contradiction(
                Kind.REFERENCE,
                Severity.MEDIUM,
                f"The amendment refers to {name} of the agreement, whose Article {article} ends with {ends}.",
                (amendment.passage(*match.span(), name), base.heading(clause.start, ends)),
            )


def _adds(amendment: Reading, place: int) -> bool:
    end = amendment.sentence(place, place + 1)[1]
    start = amendment.sentence(place - 1, place)[0]
    return (
        re.search(r"\b(?:new|add(?:ed|s)?|insert\w*)\b", amendment.text[start:end], re.IGNORECASE) is not None
    )


def _misquoted(base: Reading, amendment: Reading) -> Iterator[Contradiction]:
    """Words of the agreement that are said to be deleted, and do not stand in it."""
    held = " ".join(base.text.casefold().split())
    last = last_sections(base.structure.clauses)
    for match in amendment.matches(_DELETED):
        before = amendment.text[max(0, match.start() - _NEAR) : match.start()]
        words = " ".join(match["words"].casefold().split()).strip(" .,;:")
        section = list(_OF_THE_AGREEMENT.finditer(before))
        if not section or not _IN_THE_AGREEMENT.search(before) or words in held:
            continue
        clause = next(
            (
                one
                for one in base.structure.clauses
                if (one.article, one.number) == (int(section[-1]["article"]), int(section[-1]["number"]))
            ),
            None,
        )
        if clause is not None and clause.article in last:
            name = f"Section {clause.article}.{clause.number}"
            yield Contradiction(
                Kind.SAME_QUANTITY_TWICE,
                Severity.MEDIUM,
                f'The amendment deletes "{match["words"]}" from {name} of the agreement, '
                "where it does not stand.",
                (amendment.passage(*match.span(), match["words"]), base.heading(clause.start, name)),
            )


def _dates(base: Reading, amendment: Reading) -> Iterator[Contradiction]:
    """The agreement is named by a day that its own front does not know."""
    known = {one.day: one for one in reversed(base.dates_in(0, _FRONT)) if one.day is not None}
    for one in amendment.dates_in(0, _FRONT):
        named = _DATED.search(amendment.text[max(0, one.start - _NEAR) : one.start])
        if named and one.day and known and one.day not in known:
            when, first = list(known.items())[-1]
            yield Contradiction(
                Kind.DATE,
                Severity.MEDIUM,
                f"The amendment calls the agreement one of {day(one.day)}; it is dated {day(when)}.",
                (
                    amendment.passage(one.start, one.end, day(one.day)),
                    base.passage(first.start, first.end, day(when)),
                ),
            )
            return


def _statements(base: Reading, amendment: Reading) -> Iterator[Contradiction]:
    """A named quantity or day that both state, differently, and no word of a change near it."""
    stated: dict[tuple[str, str], Statement] = {}
    for one in statements(base):
        stated.setdefault((one.term, one.kind), one)
    for one in statements(amendment):
        other = stated.get((one.term, one.kind))
        if other and other.value != one.value and not _CHANGES.search(_around(amendment, one)):
            yield Contradiction(
                Kind.SAME_QUANTITY_TWICE,
                Severity.HIGH,
                f'"{one.name}" is {other.shown} in the agreement and {one.shown} in the amendment, '
                "which does not say that it changes it.",
                _passages((base, other), (amendment, one)),
            )


def _around(amendment: Reading, one: Statement) -> str:
    """Its sentence, and the beginning of its section, which may say what all of it changes."""
    start, end = amendment.sentence(one.start, one.end)
    clause = amendment.structure.clause_at(amendment.stored(one.start, one.end)[0])
    heading = clause.caption if clause else ""
    return f"{heading} {amendment.text[start:end]}"


def _passages(*said: tuple[Reading, Statement]) -> tuple[Passage, ...]:
    return tuple(reading.passage(one.start, one.end, one.shown) for reading, one in said)
