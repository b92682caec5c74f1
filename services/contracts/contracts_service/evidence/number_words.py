"""Numbers in words: "one hundred and five", "two and a half", "twenty-first"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from contracts_service.evidence.number import SCALES, Number
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
_CARDINALS = frozenset({*_SMALL, *_TENS, "hundred", *SCALES})
NUMBER_WORDS = _CARDINALS | _ORDINALS.keys() | _PARTS.keys()

_WORD = re.compile(
    rf"\b(?:{'|'.join(sorted(NUMBER_WORDS, key=len, reverse=True))}|and|a|point)\b", re.IGNORECASE
)
_JOINT = re.compile(r"[\s-]{1,3}|,\s")


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int


def worded(text: str) -> Iterator[Number]:
    """Every number in words, in the order in which they stand."""
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
    return bool(_JOINT.fullmatch(between)) and ("," not in between or before.word in SCALES)


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
    if following in SCALES and value != int(value):
        return value * SCALES[following], end + 1, ordinal
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
    if following in _ORDINALS and words[end - 1] in (*_TENS, "hundred", *SCALES):
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
        if word in SCALES and group > 0 and SCALES[word] < last_scale:
            total, group, last_scale = total + group * SCALES[word], -1, SCALES[word]
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
