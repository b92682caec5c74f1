"""Whether the words around a value say that it belongs to the field it is claimed for."""

import re
from dataclasses import dataclass
from functools import cache

from contracts_service.evidence.reasons import Reason
from contracts_service.fields import FIELDS, FRONT, FieldSpec, Kind

#: How far a cue may be from its value, in characters with the penalties below.
REACH = 350
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
        return _role(spec, text, quote, value)
    own = _hits(spec.cues, text, quote, value)
    own += [hit for hit in _hits(spec.front_cues, text, quote, value) if hit.end <= FRONT]
    rivals = _hits(_rivals(spec.name), text, quote, value)
    own, rivals = _outside(own, rivals), _outside(rivals, own)
    nearest = min((hit.distance for hit in own), default=REACH + 1)
    in_quote = any(hit.in_quote for hit in own)
    if nearest > REACH:
        return Belonging(Reason.NO_CUE)
    return Belonging(_outweighed(own, rivals, nearest, in_quote=in_quote), in_quote)


def _outweighed(own: list[_Hit], rivals: list[_Hit], nearest: int, *, in_quote: bool) -> Reason | None:
    if in_quote:
        lost = any(
            rival.distance < nearest or (rival.in_quote and rival.distance == nearest) for rival in rivals
        )
    else:
        lost = any(rival.in_quote or rival.distance <= 2 * nearest + _MARGIN for rival in rivals)
    return Reason.RIVAL_CUE if lost else None


def _hits(patterns: tuple[str, ...], text: str, quote: tuple[int, int], value: tuple[int, int]) -> list[_Hit]:
    start, end = max(0, min(value[0], quote[0]) - _BEFORE), min(len(text), max(value[1], quote[1]) + _AFTER)
    return [
        _Hit(
            *match.span(),
            _distance(text, match.span(), value),
            quote[0] <= match.start() and match.end() <= quote[1],
        )
        for pattern in patterns
        for match in _compiled(pattern).finditer(text, start, end)
    ]


def _outside(hits: list[_Hit], others: list[_Hit]) -> list[_Hit]:
    """Those hits that are not part of a longer hit of the other side: "nameplate capacity" says less
    than the "aggregate nameplate capacity" it stands in."""
    return [
        hit
        for hit in hits
        if not any(
            other.start <= hit.start
            and hit.end <= other.end
            and other.end - other.start > hit.end - hit.start
            for other in others
        )
    ]


def _distance(text: str, hit: tuple[int, int], value: tuple[int, int]) -> int:
    """Characters between a hit and the value; a sentence's end, a list item or a figure costs extra."""
    if hit[1] <= value[0]:
        gap = text[hit[1] : value[0]]
    elif value[1] <= hit[0]:
        gap = text[value[1] : hit[0]]
    else:
        return 0
    breaks = sum(len(pattern.findall(gap)) for pattern in (_SENTENCE_END, _ENUMERATOR, _FIGURE))
    return len(gap) + _PENALTY * breaks


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


def _role(spec: FieldSpec, text: str, quote: tuple[int, int], value: tuple[int, int]) -> Belonging:
    """A party's role is defined in parentheses after its name, or stands as a label right before it."""
    if _name_goes_on(text, value):
        return Belonging(Reason.VALUE_CUT)
    before = text[max(0, value[0] - 60) : value[0]]
    if any(re.search(rf"(?:{cue})\s*$", before, re.IGNORECASE) for cue in spec.cues[1:]):
        return Belonging(None, in_quote=True)
    definition = _DEFINED_AFTER.match(text, value[1])
    if definition is None:
        return Belonging(Reason.NO_CUE)
    terms = _QUOTED.findall(definition["terms"])
    if not any(_compiled(spec.cues[0]).fullmatch(term) for term in terms):
        return Belonging(Reason.RIVAL_CUE if terms else Reason.NO_CUE)
    return Belonging(None, in_quote=definition.end() <= quote[1])


# After the name: ", a Delaware limited liability company ("Owner")"; another name may not come between.
_DEFINED_AFTER = re.compile(
    r"(?:(?!\band\s+[A-Z]|[()\n]).){0,160}?(?:\([^()\"']{0,80}\)(?:(?!\band\s+[A-Z]|[()\n]).){0,80}?)?\((?P<terms>[^()]{0,160}[\"'][^()]{0,80})\)"
)
_QUOTED = re.compile(r"[\"'][^\"'()]{1,40}[\"']")
_GOES_ON = re.compile(
    r",?\s+(?:L\.?L\.?C|Inc|Corp|Ltd|L\.?P|Company|Corporation|Co)\b|\s+(?!\w+(?:\s\w+)?:)[A-Z][A-Za-z]"
)
_NAME_BEFORE = re.compile(r"\b(?P<word>[A-Z][A-Za-z.&]*),?\s$")
_NOT_NAMES = frozenset(
    ["and", "between", "by", "to", "with", "among", "the", "this", "is", "means", "from", "of", "or"]
)


def _name_goes_on(text: str, value: tuple[int, int]) -> bool:
    """Whether the claimed name is only a piece of a longer one."""
    if _GOES_ON.match(text, value[1]):
        return True
    before = _NAME_BEFORE.search(text, max(0, value[0] - 40), value[0])
    return before is not None and before["word"].lower() not in _NOT_NAMES and "\n" not in before[0]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
