"""What a percentage is counted for (a month, a year) and what it is a percentage of (LHV, nameplate)."""

import re

from contracts_service.evidence.model import DocumentText

_MONTHLY, _YEARLY = (
    r"(?:monthly|each\s+month|every\s+month)",
    r"(?:annual(?:ly)?|yearly|each\s+year|every\s+year|per\s+annum)",
)
_BEFORE = re.compile(rf"\b(?:(?P<month>{_MONTHLY})|(?P<year>{_YEARLY}))\b[^.;,%\d]{{0,40}}$", re.IGNORECASE)
_AFTER = re.compile(
    r"[^.;%\d]{0,30}?\b(?:(?:per|each|every|a)\s+(?:calendar\s+|contract\s+)?(?:(?P<month>month)|(?P<year>year|annum))"
    r"|(?P<monthly>monthly)|(?P<yearly>annually|yearly|p\.a|on\s+each\s+anniversary))\b",
    re.IGNORECASE,
)
_SLASH = re.compile(r"\s*/\s*(?:(?P<month>month|mo)|(?P<year>year|yr))\b", re.IGNORECASE)
_BASES = {
    "LHV": re.compile(r"\b(?:LHV|lower\s+heating\s+value)\b", re.IGNORECASE),
    "HHV": re.compile(r"\b(?:HHV|higher\s+heating\s+value)\b", re.IGNORECASE),
    "AC": re.compile(r"\b(?-i:AC)\b|\balternating\s+current\b", re.IGNORECASE),
    "NAMEPLATE": re.compile(r"\bnameplate\b", re.IGNORECASE),
}
_HEATING = ("LHV", "HHV")
_NEAR = 400
_DEFINITION = 500


def period_of(text: str, start: int, end: int) -> tuple[str | None, tuple[int, int] | None]:
    """The period ("month" or "year") of the percentage at [start, end), and where it is named.

    Where the words before and after it name different periods, there is none.
    """
    offset = max(0, start - 70)
    before = _BEFORE.search(text[offset:start])
    after = _SLASH.match(text, end) or _AFTER.match(text, end)
    earlier = None if before is None else ("month" if before["month"] else "year")
    later = None if after is None else _later(after)
    if earlier and later and earlier != later:
        return None, None
    if before is not None:
        return earlier, (offset + before.start(), end)
    if after is not None:
        return later, (start, after.end())
    return None, None


def _later(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return "month" if groups.get("month") or groups.get("monthly") else "year"


def basis_span(
    document: DocumentText, basis: str, term: str, quote: tuple[int, int], value: tuple[int, int]
) -> tuple[int, int] | None:
    """Where the document proves the basis of a percentage, as [start, end) of the normalised text.

    The quote decides where it names a basis; else its surroundings; else the definition of `term`.
    None where the basis is not named, or another one is named at the same distance of proof.
    """
    text = document.normalized.text
    around = (max(0, value[0] - _NEAR), min(len(text), value[1] + _NEAR))
    for stretch in (quote, around, *_definitions(text, term)):
        named = {name: match for name in _rivals(basis) if (match := _BASES[name].search(text, *stretch))}
        if named:
            return named[basis].span() if set(named) == {basis} else None
    return None


def _rivals(basis: str) -> tuple[str, ...]:
    return _HEATING if basis in _HEATING else (basis,)


def _definitions(text: str, term: str) -> list[tuple[int, int]]:
    if not term:
        return []
    pattern = re.compile(rf"[\"']{re.escape(term)}[\"']\s+(?:means|is\s+defined\s+as)\b", re.IGNORECASE)
    return [(match.start(), _paragraph_end(text, match.end())) for match in pattern.finditer(text)]


def _paragraph_end(text: str, start: int) -> int:
    newline = text.find("\n", start)
    return min(start + _DEFINITION, newline if newline >= 0 else len(text))
