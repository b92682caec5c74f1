"""What in a passage speaks against any value in it: redactions, denials, look-alike characters."""

import re
import unicodedata

from contracts_service.evidence.changes import is_old_value, new_value_start
from contracts_service.evidence.figures import VULGAR_FRACTIONS
from contracts_service.evidence.normalize import INVISIBLE

_MARK = re.compile(
    r"\[\s*(?:\*+|●+|•+|_+|x{3,}|\.{3}|…|redacted|omitted|intentionally\s+omitted|confidential\s+(?:information|portion)[^\]]{0,40})"
    r"\s*[^\]\n]{0,20}\]|[█▇■▮▓]+|\*{3,}|[(<{]\s*redacted\b[^)>}\n]{0,20}[)>}]|(?<!\w)X{5,}(?!\w)",
    re.IGNORECASE,
)
# "[***] Confidential Treatment Requested" is printed on every page and hides nothing there.
_NOTICE = re.compile(r"\s*(?:confidential\s+treatment|certain\s+confidential)", re.IGNORECASE)
_CLAUSE_START = re.compile(r"[.,;:()\n]|\b(?:unless|until)\b", re.IGNORECASE)
_DENIAL = re.compile(
    r"\b(?:not|never|nor)\b(?!\s+(?:be\s+)?(?:less|more|later|greater|fewer|lower|higher|earlier|to\s+exceed|exceed|limited))"
    r"|\b(?:other|rather)\s+than\b|\binstead\s+of\b|\bin\s+(?:lieu|place)\s+of\b|\bexcept(?:ing)?\b|\bexcluding\b"
    r"|\b(?:formerly|originally|previously)\b|\bno\s+longer\b",
    re.IGNORECASE,
)
_WITHDRAWAL = re.compile(
    r"\b(?:rather\s+than|instead\s+of)\b|\bdeleted\b|\bno\s+longer\b|\bsuperseded\b"
    r"|\bshall\s+not\s+(?:apply|be\s+applicable|be\s+(?:deemed|the))\b|\b(?:is|are)\s+(?:hereby\s+)?replaced\s+(?:by|with)\b"
    r"|\b(?:void|struck|withdrawn)\b",
    re.IGNORECASE,
)
# "Not own more than 40%" states a bound, and a notice "not to renew" is one all the same.
_BOUND = re.compile(
    r"\b(?:(?:more|less|greater|later|fewer|earlier|longer|higher|lower)\s+than|exceed(?:s|ing)?|in\s+excess\s+of|beyond)"
    r"\s+(?:(?:the\s+(?:sum|amount)\s+of|an?\s+(?:aggregate|total)\s+of)\s+)?$",
    re.IGNORECASE,
)
_NOT_TO_RENEW = re.compile(r"\bnot\s+to\s+(?:renew|extend|continue|terminate)\b", re.IGNORECASE)
# "If a petition is not dismissed within ninety days" states a deadline; only that it was kept is denied.
_FAILED = re.compile(
    r"(?<!shall\s)(?<!will\s)(?<!may\s)(?<!must\s)\bnot\s+(?:yet\s+|been\s+)?(?!requir|obligat|permit|allow|entitl|limit)"
    r"(?:[a-z]{2,}(?:ed|en|id|ade)|(?:reasonably\s+)?(?:able|likely|possible|successful))\b[^.;]{0,60}?\bwithin\b"
    r"|\b(?:if|where|in\s+the\s+event)\b[^.;]{0,60}?\bnot\b[^.;]{0,60}?\bwithin\b",
    re.IGNORECASE,
)
# "An amount not paid when due bears interest": the denial qualifies the amount, not what is said of it.
_UNPAID = re.compile(
    r"\bnot\s+(?:yet\s+|been\s+|so\s+)?(?:timely\s+)?(?:paid|received|made|remitted|settled)\b[^.;]{0,60}?\b(?:shall|will|must|bears?|accrues?)\b",
    re.IGNORECASE,
)
_HIDDEN = re.compile(rf"[0-9.,$][{INVISIBLE}]+[0-9.,%]")
# "30 days is hereby amended to read 60 days": what follows takes the place of the value.
_REPLACED = re.compile(
    r"^[\"')\s]*(?:is|are|was|were|(?:shall|will)\s+be|has\s+been)\s+(?:hereby\s+)?"
    r"(?:amended|changed|modified|revised|adjusted|increased|reduced|extended)\b",
    re.IGNORECASE,
)
_NEAR = 60
_ALLOWED_SYMBOLS = frozenset(VULGAR_FRACTIONS)


def redactions_in(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The redaction marks in [start, end) of `text`, a page's standing notice aside."""
    marks = _MARK.finditer(text, start, end)
    return [mark.span() for mark in marks if not _NOTICE.match(text, mark.end())]


def denied(text: str, start: int, end: int) -> bool:
    """Whether the clause before the value at [start, end) denies it, or words near it withdraw it."""
    before = text[max(0, start - 80) : start]
    clause = _CLAUSE_START.split(before)[-1]
    for harmless in (_UNPAID, _FAILED, _NOT_TO_RENEW):
        clause = harmless.sub("", clause)
    return bool(
        (_DENIAL.search(clause) and not _BOUND.search(clause))
        or is_old_value(text, start)
        or _REPLACED.match(text[end : end + _NEAR])
        or _WITHDRAWAL.search(_near(text, start, end))
    )


def _near(text: str, start: int, end: int) -> str:
    """The words around a value; not those that withdraw what the value replaces."""
    after = re.split(r"[.;\n]", text[end : end + _NEAR])[0]
    change = new_value_start(text, start)
    if change is not None:
        return text[start:end] + (after.partition('"')[0] if text[start - 1] == '"' else after)
    before = re.split(r"[.;\n]", text[max(0, start - _NEAR) : start])[-1]
    return before + text[start:end] + after


def hides_in_number(stored: str) -> bool:
    """Whether characters that nobody sees stand within a number of the stored text."""
    return _HIDDEN.search(stored) is not None


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
