"""Numbers in figures: with thousands, decimals, fractions, ordinals; torn and blurred ones are marked."""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from contracts_service.evidence.number import SCALES, Number
from contracts_service.evidence.reasons import Reason

#: What Unicode calls a vulgar fraction, by its value.
VULGAR_FRACTIONS = {
    character: Decimal(above) / Decimal(below)
    for character, above, below in (
        *zip("½⅓¼⅕⅙⅛⅒", "1111111", (2, 3, 4, 5, 6, 8, 10), strict=True),
        *zip("⅔¾⅖⅗⅘⅚⅜⅝⅞", "232345357", (3, 4, 5, 5, 5, 6, 8, 8, 8), strict=True),
    )
}
_VULGAR = f"[{''.join(VULGAR_FRACTIONS)}]"
_FIGURES = re.compile(
    r"(?<![\w.,/^])(?<![0-9]')(?P<sign>(?:(?<=[\s(])|(?<=^))[-+])?"
    r"(?:(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<decimals>\.[0-9]+)?|(?P<bare>\.[0-9]+))?"
    rf"(?P<vulgar>(?<=[0-9])\s?{_VULGAR}|(?<![0-9]){_VULGAR})?"
    r"(?P<fraction>(?:(?<=[0-9])\s+[0-9]{1,3}/[0-9]{1,3}|(?<=[0-9])/[0-9]{1,3})(?![0-9/]))?"
    r"(?!\d|[.,']\d|/\d)"
    r"(?P<ordinal>(?:st|nd|rd|th)\b)?"
    r"(?P<scale>\s+(?:thousand|million|billion|trillion)\b)?",
    re.IGNORECASE,
)
# "Five Million and 00/100 Dollars": no cents, as cheques say it.
_NO_CENTS = re.compile(r"0{1,2}/100")
# "$1,000, 000", "at 1. 5%" and "within 2 5 days" may have been one number before a scanner read them.
_LEFT_PIECE, _RIGHT_PIECE = (
    re.compile(r"[0-9][0-9.,]*\s$|[0-9]\s?[.,]\s?$"),
    re.compile(r"\s?[.,]?\s?[0-9][0-9.,]*"),
)
# "... of $2,000,000. 3. Term": the next section's number.
_NEXT_SECTION = re.compile(r"\.\s+[0-9]{1,2}[.)]?\s+[A-Z(\"]")
_ONE_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.[0-9]+)?")
# Black boxes, stars and brackets that touch a figure hide a part of it, and "31,l02" is no 31.
_HIDES = "█▇■▮▓●•*_#"
_BLURRED_AFTER = re.compile(rf"[.,']?[{_HIDES}\[<{{]|[.,']\w*[0-9]|\^")
_BLURRED_BEFORE = re.compile(rf"[{_HIDES}\]>}}][.,']?$|[^\W\d_][.,']$")


def figures(text: str) -> Iterator[Number]:
    """Every number in figures, in the order in which they stand."""
    for match in _FIGURES.finditer(text):
        if (match["whole"] or match["bare"] or match["vulgar"]) and not _NO_CENTS.fullmatch(match[0]):
            yield _figure(match)


def _figure(match: re.Match[str]) -> Number:
    value = Decimal((match["whole"] or "0").replace(",", "") + (match["decimals"] or match["bare"] or ""))
    flaw = Reason.NUMBER_UNCLEAR if _spaced_groups(match) or _torn(match) or _blurred(match) else None
    if match["vulgar"]:
        value += VULGAR_FRACTIONS[match["vulgar"].strip()]
    if match["fraction"]:
        value, unreadable = _with_fraction(value, match["fraction"])
        flaw = flaw or unreadable
    if match["scale"]:
        value *= SCALES[match["scale"].strip().lower()]
    value = -value if match["sign"] == "-" else value
    return Number(
        match.start(), match.end(), value, in_words=False, ordinal=bool(match["ordinal"]), flaw=flaw
    )


def _spaced_groups(match: re.Match[str]) -> bool:
    # "1 000 000" may be one number or three cells of a table.
    text, start, end = match.string, match.start(), match.end()
    before, after = text[max(0, start - 5) : start], text[end : end + 5]
    groups_before = re.fullmatch(r"[0-9]{3}", match[0]) and re.search(r"(?<![0-9.,])[0-9]{1,3}\s$", before)
    groups_after = re.fullmatch(r"[0-9]{1,3}", match[0]) and re.match(r"\s[0-9]{3}(?![0-9.,])", after)
    return bool(groups_before or groups_after)


def _torn(match: re.Match[str]) -> bool:
    """Whether the figure may be a piece of a number that a line's end or a scanner tore apart."""
    text, start, end = match.string, match.start(), match.end()
    figure = match[0].split()[0]
    left = _LEFT_PIECE.search(text, max(0, start - 16), start)
    right = _RIGHT_PIECE.match(text, end) if figure == match[0] else None
    if right and _NEXT_SECTION.match(text, end):
        right = None
    return any(
        _is_one(one)
        for one in ((left[0] + figure) if left else "", (figure + right[0]) if right else "")
        if one
    )


def _is_one(pieces: str) -> bool:
    return _ONE_NUMBER.fullmatch(re.sub(r"\s", "", pieces).rstrip(".,")) is not None


def _blurred(match: re.Match[str]) -> bool:
    """Whether what touches the figure may be a part of it that cannot be read."""
    text, start, end = match.string, match.start(), match.end()
    touching = text[max(0, start - 1) : start] + text[end : end + 1]
    if any(unicodedata.category(one) in ("Cf", "Mn", "Nd", "No") for one in touching):
        return True
    return bool(_BLURRED_AFTER.match(text, end) or _BLURRED_BEFORE.search(text, max(0, start - 2), start))


def _with_fraction(whole: Decimal, fraction: str) -> tuple[Decimal, Reason | None]:
    above, below = fraction.split("/")
    if not int(below):
        return whole, Reason.NUMBER_UNCLEAR
    if above:
        return whole + Decimal(above) / Decimal(below), None
    return whole / Decimal(below), None
