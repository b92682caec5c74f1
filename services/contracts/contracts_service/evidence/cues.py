"""Whether the words around a value say that it belongs to the field it is claimed for."""

import re
from dataclasses import dataclass
from functools import cache

from contracts_service.evidence.changes import new_value_start
from contracts_service.evidence.headings import article_title, section_starts, section_title
from contracts_service.evidence.reasons import Reason
from contracts_service.evidence.roles import role_of
from contracts_service.fields import FIELDS, FRONT, FieldSpec, Kind

#: How far a cue may be from its value, in characters with the penalties below.
REACH = 350
#: What a bare number counts stands beside it.
_COUNT_REACH = 40
_BEFORE, _AFTER = 500, 300
#: Without a cue in the quote itself, a rival must be this much farther off than the cue.
_MARGIN = 80
_SENTENCE_END = re.compile(r"[.;]\s+(?=[A-Z(\"'])|\n")
_ENUMERATOR = re.compile(
    r"(?<![a-z]\s)\((?:[0-9]{1,2}|[a-z]|[ivx]{1,4})\)|\b(?:or|and)\s+\((?:[0-9]{1,2}|[a-z]|[ivx]{1,4})\)",
    re.IGNORECASE,
)
# Another figure in between: the cue is more likely that one's.
_FIGURE = re.compile(r"(?<![\w.(])[0-9][0-9.,]*(?:%|[A-Za-z]|\s)")
_PENALTY = 100
# What stands in another numbered section belongs there.
_SECTION_PENALTY = 250
#: A section's title speaks of all its sentences: a cue in it is no farther off than this.
_TITLE_DISTANCE = 60
#: A cue that ends right before the value is its label.
_LABEL_DISTANCE = 2
# Not "(this "Agreement")": that names the document, whatever stands before it.
_DEFINED_TERM = re.compile(
    r",?\s*\(\s*(?:the|each\s+a|each,?\s+an?|such\s+\w+,?\s+the)?\s*[\"'](?P<term>[^\"'()]{2,60})[\"']\s*\)"
)
_THIS_ARTICLE = re.compile(r"\bthis\s+article\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    distance: int
    in_quote: bool


@dataclass(frozen=True, slots=True)
class Belonging:
    """Whether a value belongs to its field; `in_quote` where the quote itself says so."""

    reason: Reason | None
    in_quote: bool = False


def belongs(spec: FieldSpec, text: str, quote: tuple[int, int], value: tuple[int, int]) -> Belonging:
    """Weighs the field's cues against its rivals, each by its distance from the value."""
    if spec.party:
        return Belonging(*role_of(spec, text, quote, value))
    # What a new value replaces stands between it and the words that say what it is.
    start = new_value_start(text, value[0])
    value = value if start is None else (start, value[1])
    named = _defined_as(text, value)
    if named and _is_its_name(spec, text, named):
        return Belonging(None, named[1] <= quote[1])
    own = _hits(spec.cues, text, quote, value)
    own += [hit for hit in _hits(spec.front_cues, text, quote, value) if hit.end <= FRONT]
    own += _labelled(spec, text, value)
    rivals = _hits(_rivals(spec.name), text, quote, value)
    own, rivals = _outside(own, rivals, value), _outside(rivals, own, value)
    nearest = min((hit.distance for hit in own), default=REACH + 1)
    in_quote = any(hit.in_quote for hit in own)
    if nearest > (_COUNT_REACH if spec.kind is Kind.INTEGER else REACH):
        return Belonging(Reason.NO_CUE)
    return Belonging(_outweighed(own, rivals, nearest, value, in_quote=in_quote), in_quote)


def _defined_as(text: str, value: tuple[int, int]) -> tuple[int, int] | None:
    """The [start, end) of the term that a value is given right after it: (the "Effective Date")."""
    match = _DEFINED_TERM.match(text, value[1])
    return None if match is None else match.span("term")


def _is_its_name(spec: FieldSpec, text: str, named: tuple[int, int]) -> bool:
    """Whether the term given to a value names the field, and no other one more fully."""
    own, rivals = (
        max((len(match[0]) for one in patterns for match in _compiled(one).finditer(text, *named)), default=0)
        for patterns in (spec.cues, _rivals(spec.name))
    )
    return own > rivals


def _outweighed(
    own: list[_Hit], rivals: list[_Hit], nearest: int, value: tuple[int, int], *, in_quote: bool
) -> Reason | None:
    label = any(0 <= value[0] - hit.end <= _LABEL_DISTANCE for hit in own)
    if in_quote:
        lost = any(
            rival.distance < nearest or (rival.in_quote and rival.distance == nearest) for rival in rivals
        )
    elif label:
        lost = any(rival.in_quote or rival.distance <= _LABEL_DISTANCE for rival in rivals)
    else:
        lost = any(rival.in_quote or rival.distance <= 2 * nearest + _MARGIN for rival in rivals)
    return Reason.RIVAL_CUE if lost else None


def _hits(patterns: tuple[str, ...], text: str, quote: tuple[int, int], value: tuple[int, int]) -> list[_Hit]:
    start, end = max(0, min(value[0], quote[0]) - _BEFORE), min(len(text), max(value[1], quote[1]) + _AFTER)
    title = section_title(text, value[0], _BEFORE)
    spans = [match.span() for pattern in patterns for match in _compiled(pattern).finditer(text, start, end)]
    spans += _referring(patterns, text, start, end)
    return [
        _Hit(*span, _distance(text, span, value, title), quote[0] <= span[0] and span[1] <= quote[1])
        for span in spans
    ]


def _referring(patterns: tuple[str, ...], text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the text says "this Article" and the title of the article holds one of the patterns."""
    return [
        match.span()
        for match in _THIS_ARTICLE.finditer(text, start, end)
        if any(_compiled(pattern).search(article_title(text, match.start())) for pattern in patterns)
    ]


def _labelled(spec: FieldSpec, text: str, value: tuple[int, int]) -> list[_Hit]:
    """The title of the value's section, where it is the very name of the field."""
    title = section_title(text, value[0], _BEFORE)
    if title is None or text[title[0] : title[1]].casefold() != spec.label.casefold():
        return []
    return [_Hit(*title, _distance(text, title, value, title), in_quote=False)]


def _outside(hits: list[_Hit], others: list[_Hit], value: tuple[int, int]) -> list[_Hit]:
    """Those hits that are not part of a longer hit of the other side: "nameplate capacity" says less
    than the "aggregate nameplate capacity" it stands in. What reaches across the value is no such whole."""
    wholes = [one for one in others if not (one.start < value[0] and value[1] < one.end)]
    return [
        hit
        for hit in hits
        if not any(
            whole.start <= hit.start
            and hit.end <= whole.end
            and whole.end - whole.start > hit.end - hit.start
            for whole in wholes
        )
    ]


def _distance(text: str, hit: tuple[int, int], value: tuple[int, int], title: tuple[int, int] | None) -> int:
    """Characters between a hit and the value; a sentence's end, a list item, a figure or a new section
    costs extra, but from the title of its own section a value is never far."""
    if hit[1] <= value[0]:
        start, end = hit[1], value[0]
    elif value[1] <= hit[0]:
        start, end = value[1], hit[0]
    else:
        # Words on both sides of the value are as far off as the nearer end of them.
        return max(0, min(value[0] - hit[0], hit[1] - value[1]))
    gap = text[start:end]
    breaks = sum(len(pattern.findall(gap)) for pattern in (_SENTENCE_END, _ENUMERATOR, _FIGURE))
    distance = len(gap) + _PENALTY * breaks + _SECTION_PENALTY * section_starts(text, start, end)
    if title and title[0] <= hit[0] and hit[1] <= title[1]:
        return min(distance, _TITLE_DISTANCE)
    return distance


@cache
def _rivals(field: str) -> tuple[str, ...]:
    """A field's own rivals, and the cues of every other field of its kind that is not akin to it."""
    spec = FIELDS[field]
    others = (
        cue
        for other in FIELDS.values()
        if other.kind is spec.kind
        and other.name != field
        and other.name not in spec.akin
        and _vies(spec, other)
        for cue in other.cues
        if cue not in spec.cues
    )
    return (*spec.rivals, *others)


def _vies(spec: FieldSpec, other: FieldSpec) -> bool:
    # A quantity of hours cannot be mistaken for one of kilowatts: only fields that share a unit vie.
    # Free texts and codes vie within their group only: every page names parties.
    if spec.kind in (Kind.TEXT, Kind.ENUM):
        return spec.group == other.group
    return bool(set(spec.units) & set(other.units))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
