"""One term that is defined twice, differently, in one part of the document."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from contracts_service.contradictions.model import Contradiction, Kind, Severity
from contracts_service.contradictions.reading import Reading

_MEANS = re.compile(
    r"\"(?P<term>[A-Z][^\"\n]{1,60})\"\s*(?:\([^)]{0,60}\)\s*)?(?P<verb>shall\s+mean|means)\b[\s:,]*(?=(?P<meaning>[^\n]{3,1500}))"
)
_NEXT_TERM = re.compile(
    r"[.;]\s+(?:\(?[a-z0-9.]{1,6}\)?\s*)?\"[A-Z][^\"\n]{1,60}\"\s*(?:\([^)]{0,60}\)\s*)?(?:shall\s+mean|means)\b"
)
_SECTION_BEGINS = re.compile(r"[.;]\s+(?:\d{1,2}\.\d{0,2}\.?|\([a-z]{1,3}\))\s+[A-Z\"]")
# "For purposes of this Section, ..." defines for a stretch of the text, "Thereafter, ..." for one of time.
_SCOPED = re.compile(
    r"\b(?:for\s+(?:the\s+)?purposes?\s+of|as\s+used\s+in|in\s+this|solely|thereafter|following|until|after|before|prior\s+to|during)\b[^.;\n]{0,80}$",
    re.IGNORECASE,
)
_POINTS_ELSEWHERE = re.compile(
    r"\b(?:meaning|definition|defined|set\s+forth|specified|described)\b[^.]{0,80}\b(?:section|article|exhibit|schedule|recital|above|below|preamble)\b",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class _Definition:
    start: int
    end: int
    meaning: str


def find(reading: Reading) -> Iterator[Contradiction]:
    """The first two that differ, for each term."""
    by_term: dict[tuple[int, str], list[_Definition]] = defaultdict(list)
    for match in reading.matches(_MEANS):
        if not _SCOPED.search(reading.text[max(0, match.start() - 120) : match.start()]):
            one = _definition(match)
            part = reading.structure.part_at(reading.stored(match.start(), match.end())[0])
            by_term[part, match["term"].strip(" ,.").casefold()].append(one)
    for found in by_term.values():
        other = next((one for one in found[1:] if _differ(found[0], one)), None)
        if other is not None:
            yield _contradiction(reading, found[0], other)


def _definition(match: re.Match[str]) -> _Definition:
    meaning = match["meaning"]
    stops = [
        stop.start() + 1 for stop in (_NEXT_TERM.search(meaning), _SECTION_BEGINS.search(meaning)) if stop
    ]
    meaning = meaning[: min(stops)] if stops else meaning
    return _Definition(match.start(), match.start("meaning") + len(meaning.rstrip()), meaning)


def _differ(first: _Definition, second: _Definition) -> bool:
    if any(_POINTS_ELSEWHERE.search(one.meaning[:160]) for one in (first, second)):
        return False
    one, two = (" ".join(_WORDS.findall(each.meaning.lower())) for each in (first, second))
    # One that only says less, or was cut off, does not contradict.
    return not (one.startswith(two) or two.startswith(one))


def _contradiction(reading: Reading, first: _Definition, second: _Definition) -> Contradiction:
    term = reading.text[first.start : first.end].split('"')[1]
    return Contradiction(
        Kind.DEFINED_TWICE,
        Severity.MEDIUM,
        f'"{term}" is defined twice, differently.',
        tuple(
            reading.exactly(one.start, _shortened(reading.text, one), one.meaning[:80].strip())
            for one in (first, second)
        ),
    )


def _shortened(text: str, one: _Definition) -> int:
    end = min(one.end, one.start + 400)
    return end if end == one.end else text.rfind(" ", one.start, end)
