"""Finds telephone numbers: North American by form, international by the library, others by their label."""

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberMatcher

from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import Kind

# What may stand between two digits of one number; where only a label tells one, no end of a paragraph.
JOIN = r"[\s().\-/\u00b7\u2010-\u2015\u2212]{0,3}"
_JOIN_IN_PARAGRAPH = r"(?:[^\S\n]|[().\-/\u00b7\u2010-\u2015\u2212]){0,3}\n?"
BEGIN = r"(?:[(+]{1,2}\s{0,2})?[0-9]"
_GAP = r"(?:\s{1,2}|\s?[-./\u00b7\u2010-\u2015\u2212]\s?)"
_EXTENSION = r"\s?,?\s?(?:extension|extn?|x|\#)[.:]?\s?[0-9]{1,6}(?!\w)"
_NORTH_AMERICAN = re.compile(
    rf"""
    (?: (?<![\w$€£]) (?<![0-9][-.]) | (?=[(+]) )
    (?P<country> \+\s?1{_GAP}? | 1{_GAP} )?
    (?: (?P<bracket>\() \s?(?P<area>[2-9][0-9]{{2}})\s?\) \s?[-./]?\s?
      | (?P<bare_area>[2-9][0-9]{{2}}) (?P<gap>{_GAP}) )
    [2-9][0-9]{{2}} (?P<second_gap>{_GAP}?) [0-9]{{4}}
    (?: {_EXTENSION} | (?!\w) (?![-.][0-9]) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_INTERNATIONAL = re.compile(rf"(?:\(?\+|(?<![\w.,-])011(?=[-.\s]))\s{{0,2}}(?:{JOIN}[0-9]){{7,17}}")
_ANY = re.compile(rf"{BEGIN}(?:{_JOIN_IN_PARAGRAPH}[0-9]){{6,14}}(?![0-9])")
_TEN_DIGITS = re.compile(r"(?<![\w$€£])(?<![0-9][-.,])1?[2-9][0-9]{2}[2-9][0-9]{6}(?!\w)(?![-.,][0-9])")
# The cells of a fuel cell have no telephone.
_LABEL = re.compile(
    r"(?:\b(?:tele?|telephone|telefon|phone|ph|(?:tele)?fax|facsimile|telecop(?:y|ier)|mobile|hotline|pager|whatsapp|"
    r"call|dial)|(?<!fuel\s)\bcell(?:ular)?)\b"
    r"(?:[^\w\n]{0,4}\b(?:phone|fax|nos?|numbers?|num|line|direct|at|is|us|and)\b){0,3}[^\w$€£%]{0,8}$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"[0-9]{1,2}[-./][0-9]{1,2}[-./](?:[0-9]{4}|[0-9]{2})(?![-./]?[0-9])|[0-9]{4}[-./][01]?[0-9][-./][0-3]?[0-9]"
)
_NEAR = 48
_LONGEST_EXTENSION = 20
# A check costs about 50 µs. Beyond so many in one text the form alone decides: more is withheld, never less.
MOST_CHECKS = 5_000


class Phones:
    """Searches one text, window by window."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._checks = 0

    def find(self, start: int, end: int) -> Iterator[Find]:
        """In that window of digits and what joins them. What may as well be a quantity is not sure."""
        text = self._text
        if _LABEL.search(text[max(start - _NEAR, 0) : start]) and not _DATE.match(text, start):
            labelled = _ANY.match(text, start)
            if labelled is not None:
                yield Find(*labelled.span(), Kind.PHONE)
        known = set()
        for found in _NORTH_AMERICAN.finditer(text, start, min(end + _LONGEST_EXTENSION, len(text))):
            if found.start() < end and _is_assigned(found["area"] or found["bare_area"]):
                known.add(found.start())
                yield Find(*found.span(), Kind.PHONE, not _is_like_a_table(found))
        for found in _TEN_DIGITS.finditer(text, start, end + 2):
            yield Find(*found.span(), Kind.PHONE, sure=False)
        for found in _INTERNATIONAL.finditer(text, start, end):
            if found.start() not in known:
                yield from self._checked(found)

    def _checked(self, found: re.Match[str]) -> Iterator[Find]:
        if self._checks == MOST_CHECKS:
            yield Find(*found.span(), Kind.PHONE)
            return
        self._checks += 1
        # One character more before it: the library looks at what a number touches.
        offset = max(found.start() - 1, 0)
        window = self._text[offset : found.end() + _LONGEST_EXTENSION]
        for match in PhoneNumberMatcher(window, "US", leniency=Leniency.VALID):
            # What begins behind it is cut off by the window, and has a window of its own.
            if offset + match.start < found.end():
                yield Find(offset + match.start, offset + match.end, Kind.PHONE)


def _is_like_a_table(found: re.Match[str]) -> bool:
    """`250 300 2012` is a row of figures as well as a number."""
    if found["bracket"] or (found["country"] or "").startswith("+"):
        return False
    gaps = (found["country"] or "").lstrip("1"), found["gap"], found["second_gap"]
    return not any(map(str.strip, gaps))


@lru_cache(maxsize=1024)
def _is_assigned(area: str) -> bool:
    """The library knows the area codes; what follows one is not its concern in North America."""
    return phonenumbers.is_valid_number(PhoneNumber(country_code=1, national_number=int(f"{area}2345678")))
