"""Whether a name is the party that a role belongs to: the whole name, with the role defined beside it."""

import re
from collections.abc import Iterator

from contracts_service.evidence.reasons import Reason
from contracts_service.fields import FieldSpec

# After the name: ", a Delaware limited liability company ("Owner")"; another name may not come between.
_UP_TO = r"(?:(?!\band\s+[A-Z]|[()\n]).)"
_DEFINED_AFTER = re.compile(
    rf"{_UP_TO}{{0,160}}?(?:\([^()\"']{{0,80}}\){_UP_TO}{{0,80}}?)?\((?P<terms>[^()]{{0,160}}[\"'][^()]{{0,80}})\)"
)
_QUOTED = re.compile(r"[\"'][^\"'()]{1,40}[\"']")
# On covers and above signatures: "ACME LLC, as Seller and Operator"; "as Buyer's agent" is no such role.
_TERM = r"(?-i:[A-Z])[\w-]*"
_AS_ROLE = re.compile(
    rf",?\s+as\s+(?:the\s+)?(?P<terms>{_TERM}(?:(?:,\s+|\s*/\s*|,?\s+and\s+){_TERM})*)(?!['\w])",
    re.IGNORECASE,
)
_ROLE_GOES_ON = re.compile(r"\s+(?!By:)[A-Z]")
_GOES_ON = re.compile(
    r",?\s+(?:L\.?L\.?C|Inc|Corp|Ltd|L\.?P|Company|Corporation|Co)\b|\s+(?!\w+(?:\s\w+)?:)[A-Z][A-Za-z]"
)
# "Acme LLC, a Delaware corporation": the state is no name.
_KIND_BEFORE = re.compile(r"\ban?\s$", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"\b(?P<word>[A-Z][A-Za-z.&]*),?\s$")
# "2.6 Operator. Bloom ...": a word too long for an abbreviation that ends in a full stop ends a sentence.
_SENTENCE_END = re.compile(r"[A-Za-z]{5,}\.")
_NOT_NAMES = frozenset(
    ["and", "between", "by", "to", "with", "among", "the", "this", "is", "means", "from", "of", "or"]
)


def role_of(
    spec: FieldSpec, text: str, quote: tuple[int, int], value: tuple[int, int]
) -> tuple[Reason | None, bool]:
    """Why the name at `value` is not proven to have the field's role, or None; and whether `quote`
    itself says it. `spec.cues` are the defined term in quotation marks and the label before a name."""
    if _name_goes_on(text, value):
        return Reason.VALUE_CUT, False
    before = text[max(0, value[0] - 60) : value[0]]
    if any(re.search(rf"(?:{cue})\s*$", before, re.IGNORECASE) for cue in spec.cues[1:]):
        return None, True
    given = list(_terms_after(text, value[1]))
    for term, end in given:
        if re.fullmatch(spec.cues[0], term, re.IGNORECASE):
            return None, end <= quote[1]
    return Reason.RIVAL_CUE if given else Reason.NO_CUE, False


def _terms_after(text: str, place: int) -> Iterator[tuple[str, int]]:
    """The role terms given to the name that ends at `place`, in quotation marks, each with its end."""
    named = _AS_ROLE.match(text, place)
    if named and not _ROLE_GOES_ON.match(text, named.end()):
        for term in re.split(r",?\s+and\s+|,\s+|\s*/\s*", named["terms"]):
            yield f'"{term}"', named.end()
    defined = _DEFINED_AFTER.match(text, place)
    if defined:
        for term in _QUOTED.findall(defined["terms"]):
            yield term, defined.end()


def _name_goes_on(text: str, value: tuple[int, int]) -> bool:
    """Whether the claimed name is only a piece of a longer one."""
    if _GOES_ON.match(text, value[1]) or _KIND_BEFORE.search(text, max(0, value[0] - 4), value[0]):
        return True
    before = _NAME_BEFORE.search(text, max(0, value[0] - 40), value[0])
    if before is None or "\n" in before[0] or _SENTENCE_END.fullmatch(before["word"]):
        return False
    return before["word"].lower() not in _NOT_NAMES
