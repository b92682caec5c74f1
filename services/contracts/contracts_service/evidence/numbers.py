"""Numbers as contracts write them, in figures and in words, each with its place in the text."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from contracts_service.evidence.reasons import Reason

_TO_NINETEEN = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_FROM_FIRST = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
"""
_SMALL = {word: value for value, word in enumerate(_TO_NINETEEN.split())}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_LATER_ORDINALS = {
    "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70, "eightieth": 80,
    "ninetieth": 90, "hundredth": 100,
}  # fmt: skip
_ORDINALS = {word: value for value, word in enumerate(_FROM_FIRST.split(), start=1)} | _LATER_ORDINALS
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
    "twelfth": 12, "twelfths": 12, "sixteenth": 16, "sixteenths": 16, "hundredth": 100,
    "hundredths": 100, "thousandth": 1000, "thousandths": 1000,
}  # fmt: skip
_CARDINALS = frozenset({*_SMALL, *_TENS, "hundred", *_SCALES})
NUMBER_WORDS = _CARDINALS | _ORDINALS.keys() | _PARTS.keys()

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
_WORD = re.compile(
    rf"\b(?:{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))}|and|a|point)\b", re.IGNORECASE
)
_JOINT = re.compile(r"[\s-]{1,3}|,\s")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at [start, end) of a text; where `flaw` is set, `value` must not be relied on."""

    start: int
    end: int
    value: Decimal
    in_words: bool
    ordinal: bool = False
    flaw: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int


def numbers(text: str) -> list[Number]:
    """Every number of `text` in the order in which they stand."""
    figures = list(_figures(text))
    taken = {place for figure in figures for place in range(figure.start, figure.end)}
    words = [number for number in _words(text) if number.start not in taken]
    return sorted([*figures, *words], key=lambda number: number.start)


def _figures(text: str) -> Iterator[Number]:
    for match in _FIGURES.finditer(text):
        if (match["whole"] or match["bare"] or match["vulgar"]) and not _NO_CENTS.fullmatch(match[0]):
            yield _figure(match)


def _figure(match: re.Match[str]) -> Number:
    value = Decimal((match["whole"] or "0").replace(",", "") + (match["decimals"] or match["bare"] or ""))
    flaw = Reason.NUMBER_UNCLEAR if _spaced_groups(match) or _torn(match) or _blurred(match) else None
    if match["vulgar"]:
        value += VULGAR_FRACTIONS[match["vulgar"].strip()]
    if match["fraction"]:
        value, flaw = _with_fraction(value, match["fraction"])
    if match["scale"]:
        value *= _SCALES[match["scale"].strip().lower()]
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


def _words(text: str) -> Iterator[Number]:
    for run in _runs(text):
        yield from _read_run(run)


def _runs(text: str) -> Iterator[list[_Token]]:
    """Stretches of number words with nothing but spaces and hyphens between them."""
    run: list[_Token] = []
    for match in _WORD.finditer(text):
        token = _Token(match[0].lower(), *match.span())
        if run and not _joined(text, run[-1], token):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _joined(text: str, before: _Token, after: _Token) -> bool:
    between = text[before.end : after.start]
    return bool(_JOINT.fullmatch(between)) and ("," not in between or before.word in _SCALES)


def _read_run(run: list[_Token]) -> Iterator[Number]:
    place = 0
    while place < len(run):
        if run[place].word in ("and", "a", "point"):
            place += 1
            continue
        value, end, ordinal = _scaled(run, *_read(run, place))
        rest = run[end].word if end < len(run) else "and"
        clear = end > place and rest in ("and", "a")
        end = end if clear else _end_of_muddle(run, place)
        flaw = None if clear else Reason.NUMBER_UNCLEAR
        yield Number(run[place].start, run[end - 1].end, value, in_words=True, ordinal=ordinal, flaw=flaw)
        place = end


def _scaled(run: list[_Token], value: Decimal, end: int, ordinal: bool) -> tuple[Decimal, int, bool]:  # noqa: FBT001  # as read
    """ "two point five million", "one and one-half million": a scale after a fraction."""
    following = run[end].word if end < len(run) else ""
    if following in _SCALES and value != int(value):
        return value * _SCALES[following], end + 1, ordinal
    return value, end, ordinal


def _end_of_muddle(run: list[_Token], place: int) -> int:
    end = len(run)
    while end > place + 1 and run[end - 1].word in ("and", "a", "point"):
        end -= 1
    return end


def _read(run: list[_Token], place: int) -> tuple[Decimal, int, bool]:
    """The number that starts at `place`, where it ends, and whether it is an ordinal."""
    words = [token.word for token in run]
    if words[place] in _ORDINALS:
        return Decimal(_ORDINALS[words[place]]), place + 1, True
    whole, end = _cardinal(words, place)
    following = words[end] if end < len(words) else ""
    if following in _ORDINALS and words[end - 1] in (*_TENS, "hundred", *_SCALES):
        return Decimal(whole + _ORDINALS[following]), end + 1, True
    if following in _PARTS and whole and (whole < 20 or following.endswith("ths")):
        return Decimal(whole) / _PARTS[following], end + 1, False
    part, end_of_part = _part(words, end)
    return whole + part, end_of_part, False


def _part(words: list[str], place: int) -> tuple[Decimal, int]:
    """The fraction after a whole number: "and five-tenths", "and a half", "point five"."""
    if words[place : place + 1] == ["point"]:
        return _after_point(words, place)
    if words[place : place + 1] != ["and"]:
        return Decimal(0), place
    if words[place + 1 : place + 2] == ["a"]:
        above, end = 1, place + 2
    else:
        above, end = _cardinal(words, place + 1)
    if above and end < len(words) and words[end] in _PARTS:
        return Decimal(above) / _PARTS[words[end]], end + 1
    return Decimal(0), place


def _after_point(words: list[str], place: int) -> tuple[Decimal, int]:
    end = place + 1
    while end < len(words) and _SMALL.get(words[end], 10) < 10:
        end += 1
    digits = "".join(str(_SMALL[word]) for word in words[place + 1 : end])
    return (Decimal(f"0.{digits}"), end) if digits else (Decimal(0), place)


def _cardinal(words: list[str], place: int) -> tuple[int, int]:
    """The longest cardinal from `place`; (0, place) where there is none."""
    total, group, last_scale = 0, -1, 10**12
    while place < len(words):
        word = words[place]
        if word in _SCALES and group > 0 and _SCALES[word] < last_scale:
            total, group, last_scale = total + group * _SCALES[word], -1, _SCALES[word]
        elif _continues_with_and(words, place, group, total):
            pass
        else:
            grown = _grow(group, word)
            if grown is None:
                break
            group = grown
        place += 1
    return total + max(group, 0), place


def _continues_with_and(words: list[str], place: int, group: int, total: int) -> bool:
    # "one hundred and five" goes on; "one hundred and five-tenths" does not, nor does "five and ten".
    if words[place] != "and" or not (group % 100 == 0 if group > 0 else total):
        return False
    following = words[place + 1 : place + 2]
    if not following or following[0] not in (_SMALL.keys() | _TENS.keys()):
        return False
    return not (len(words) > place + 2 and words[place + 2] in _PARTS and following[0] in _SMALL)


def _grow(group: int, word: str) -> int | None:
    """The group of up to three digits with one more word, or None where the word cannot follow."""
    if word == "hundred":
        return group * 100 if 0 < group < 20 else None
    if word in _TENS:
        return max(group, 0) + _TENS[word] if group < 0 or (group and group % 100 == 0) else None
    if word in _SMALL:
        value = _SMALL[word]
        after_tens = group > 0 and group % 10 == 0 and group % 100 >= 20 and 0 < value < 10
        after_hundred = group > 0 and group % 100 == 0
        return max(group, 0) + value if group < 0 or after_tens or after_hundred else None
    return None
