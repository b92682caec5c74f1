"""What in a passage speaks against any value in it: redactions, denials, look-alike characters."""

import re
import unicodedata

_MARK = re.compile(
    r"\[\s*(?:\*+|●+|•+|_+|x{3,}|\.{3}|…|redacted|omitted|intentionally\s+omitted|confidential\s+(?:information|portion)[^\]]{0,40})"
    r"\s*[^\]\n]{0,20}\]|[█▇■]{2,}|\*{3,}",
    re.IGNORECASE,
)
# "[***] Confidential Treatment Requested" is printed on every page and hides nothing there.
_NOTICE = re.compile(r"\s*(?:confidential\s+treatment|certain\s+confidential)", re.IGNORECASE)
_CLAUSE_START = re.compile(r"[.,;:()\n]")
_DENIAL = re.compile(
    r"\b(?:not|never|nor)\b(?!\s+(?:be\s+)?(?:less|more|later|greater|fewer|lower|higher|earlier|to\s+exceed|exceed|limited))"
    r"|\b(?:other|rather)\s+than\b|\binstead\s+of\b|\bin\s+lieu\s+of\b|\bexcept(?:ing)?\b|\bexcluding\b|\bformerly\b|\bno\s+longer\b",
    re.IGNORECASE,
)
_WITHDRAWAL = re.compile(
    r"\brather\s+than\b|\binstead\s+of\b|\bpreviously\b|\bformerly\b|\bdeleted\b|\bno\s+longer\b|\bsuperseded\b"
    r"|\bshall\s+not\s+(?:apply|be\s+applicable|be\s+(?:deemed|the))\b|\b(?:is|are)\s+(?:hereby\s+)?replaced\s+(?:by|with)\b"
    r"|\b(?:void|struck|withdrawn)\b",
    re.IGNORECASE,
)
_NEAR = 60
_ALLOWED_SYMBOLS = frozenset("½¼¾")


def redaction_in(text: str, start: int, end: int) -> bool:
    """Whether a redaction mark stands in [start, end) of `text`, a page's standing notice aside."""
    return any(not _NOTICE.match(text, mark.end()) for mark in _MARK.finditer(text, start, end))


def denied(text: str, start: int, end: int) -> bool:
    """Whether the clause before the value at [start, end) denies it, or words near it withdraw it."""
    before = text[max(0, start - 80) : start]
    clause = _CLAUSE_START.split(before)[-1]
    return bool(_DENIAL.search(clause) or _WITHDRAWAL.search(_near(text, start, end)))


def _near(text: str, start: int, end: int) -> str:
    before = re.split(r"[.;\n]", text[max(0, start - _NEAR) : start])[-1]
    after = re.split(r"[.;\n]", text[end : end + _NEAR])[0]
    return before + text[start:end] + after


def has_lookalikes(text: str) -> bool:
    """Whether a text meant to be read as English holds letters or digits of other scripts, or
    characters that turn the direction of writing."""
    return not text.isascii() and any(_is_lookalike(character) for character in text)


def _is_lookalike(character: str) -> bool:
    if character.isascii() or character in _ALLOWED_SYMBOLS:
        return False
    category = unicodedata.category(character)
    if category.startswith("L"):
        return not unicodedata.name(character, "").startswith("LATIN ")
    return category.startswith("N") or category == "Cf"
