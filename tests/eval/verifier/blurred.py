"""Ways to change a contract so that its numbers cannot be read: blacked out, forged, torn, given twice."""

import re
from collections.abc import Mapping
from decimal import Decimal
from random import Random

from tests.eval.verifier.doctored import Edit, Edited, as_claimed, unit_of
from tests.eval.verifier.facts import Fact
from tests.eval.verifier.plain import NUMBER_WORD
from tests.eval.verifier.truths import other_value
from tests.eval.verifier.writing import disagreeing, spelled, styles

_MARKS = (
    "[***]", "[* * *]", "[●]", "[REDACTED]", "[redacted]", "█████", "■■■■", "***", "[****]", "[Confidential]",
    "[_____]", "[**]", "[Redacted - confidential]", "(REDACTED)", "XXXXX", "[XXX]", "_______", "<redacted>",
)  # fmt: skip
_LOOKALIKES = {
    "0": "ОоΟ０٠۰𝟎", "1": "１١۱𝟏lI", "2": "２٢𝟐ƻ", "3": "３З٣𝟑Ʒ", "4": "４Ч٤𝟒", "5": "５Ѕ٥𝟓",
    "6": "６б٦𝟔", "7": "７٧𝟕", "8": "８Ȣ٨𝟖", "9": "９٩𝟗",
}  # fmt: skip
_HIDDEN = (
    "\u200b",
    "\u200d",
    "\u2060",
    "\u00ad",
    "\u202e",
    "\u202d",
    "\u2066",
    "\u200f",
    "\ufeff",
    "\u061c",
    "\u180e",
)


def _redacted(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited:
    mark = random.choice(_MARKS)
    unit = {"MONEY": "", "DATE": "", "PERCENT": "%"}.get(fact.kind, f" {unit_of(fact)}")
    words = f"{quote[:start]}{'$' if fact.kind == 'MONEY' else ''}{mark}{unit}{quote[end:]}"
    return Edited(
        words,
        (as_claimed(fact, words), as_claimed(fact, quote), as_claimed(fact, words[: start + len(mark)])),
    )


def _partly_redacted(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    at = _digit(quote, start, end, random)
    if at is None:
        return None
    words = f"{quote[:at]}{random.choice(['█', '*', '[*]', '■', '[***]', 'X', '_'])}{quote[at + 1 :]}"
    pieces = _pieces(words, start, end + 4)
    return Edited(words, (as_claimed(fact, words), *((piece, fact.unit, words) for piece in pieces)))


def _lookalike(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    at = _digit(quote, start, end, random)
    if at is None:
        return None
    words = f"{quote[:at]}{random.choice(_LOOKALIKES[quote[at]])}{quote[at + 1 :]}"
    pieces = _pieces(words, start, end + 1)
    return Edited(words, (as_claimed(fact, words), *((piece, fact.unit, words) for piece in pieces)))


def _hidden(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    at = _digit(quote, start, end, random)
    if at is None or not quote[at + 1 : at + 2].isdigit():
        return None
    words = f"{quote[: at + 1]}{random.choice(_HIDDEN)}{quote[at + 1 :]}"
    pieces = _pieces(words, start, end + 1)
    return Edited(words, (as_claimed(fact, words), *((piece, fact.unit, words) for piece in pieces)))


def _torn(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    at = _digit(quote, start, end, random)
    if at is None or fact.kind == "DATE" or not re.match(r"[0-9.,]", quote[at + 1 : at + 2]):
        return None
    words = f"{quote[: at + 1]}{random.choice([' ', chr(10)])}{quote[at + 1 :]}"
    pieces = [piece for piece in _pieces(words, start, end + 1) if Decimal(piece) != Decimal(fact.value)]
    whole = [(piece, fact.unit, words) for piece in pieces]
    after = [(piece, fact.unit, words[at + 2 :].lstrip(",.")) for piece in pieces]
    return Edited(words, (*whole, *after))


def _unscaled(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    number = Decimal(fact.value) if fact.kind in ("MONEY", "POWER") else None
    if not number or fact.unit not in ("USD", "kW", "kWh"):
        return None
    scale = random.choice(["million", "thousand", "billion"])
    said = f"${number:,f} {scale}" if fact.kind == "MONEY" else f"{number:,f} {scale} {fact.unit}"
    words = f"{quote[:start]}{said}{quote[end:]}"
    cut = words[: start + said.index(scale)].rstrip()
    return Edited(words, (as_claimed(fact, words), as_claimed(fact, cut)))


def _compound(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    more = {
        "MONEY": (" per kWh", "/kW-month", " for each day of delay", " per system", "/MMBtu", " a month"),
        "POWER": ("-month", " per year", "/h", " per month"),
        "PERCENT": ("age points",),
        "PERIOD": (" per Contract Year", "/year", " per month"),
    }.get(fact.kind)
    figure = styles(fact.kind, fact.value, unit_of(fact))[1 if fact.kind == "PERCENT" else 0]
    if more is None or "/" in fact.unit:
        return None
    said = f"{figure}{random.choice(more)}"
    words = f"{quote[:start]}{said}{quote[end:]}"
    return Edited(words, (as_claimed(fact, words), as_claimed(fact, words[: start + len(figure)])))


def _last_word(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    if fact.kind != "PERIOD":
        return None
    tens, ones = (
        random.choice(["twenty", "forty", "ninety", "one hundred", "two hundred and"]),
        random.randint(2, 9),
    )
    join = "-" if tens in ("twenty", "forty", "ninety") else " "
    words = (
        f"{quote[:start]}{tens}{random.choice([join, ' ', '- '])}{spelled(ones)} {unit_of(fact)}{quote[end:]}"
    )
    piece = words[words.index(f"{spelled(ones)} {unit_of(fact)}", start) :]
    if str(ones) in fact.accepted or len(piece) < 12:
        return None
    return Edited(words, ((str(ones), fact.unit, words), (str(ones), fact.unit, piece)))


def _disagreeing(fact: Fact, quote: str, start: int, end: int, random: Random) -> Edited | None:
    other = other_value(fact, random)
    first, second = random.choice([(fact.value, other), (other, fact.value)])
    said = disagreeing(fact.kind, first, second, unit_of(fact))
    if said is None:
        return None
    words = f"{quote[:start]}{said}{quote[end:]}"
    cut = words[: start + said.index("(")].rstrip()
    return Edited(words, ((first, fact.unit, words), (second, fact.unit, words), (first, fact.unit, cut)))


def _digit(quote: str, start: int, end: int, random: Random) -> int | None:
    """A digit of a figure that is not also written in words."""
    if NUMBER_WORD.search(quote, start, end):
        return None
    return random.choice([i for i in range(start, end) if quote[i].isdigit()])


def _pieces(words: str, start: int, end: int) -> list[str]:
    """The ASCII numbers that are left of a blurred one."""
    found = re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+", words[start:end])
    return list(dict.fromkeys(f"{Decimal(one.replace(',', '')):f}" for one in found))[:3]


WAYS: Mapping[str, Edit] = {
    "the redacted value guessed": _redacted,
    "a number partly redacted": _partly_redacted,
    "look-alike digits": _lookalike,
    "hidden characters in a number": _hidden,
    "a piece of a torn number": _torn,
    "a number without its scale": _unscaled,
    "a part of a compound unit": _compound,
    "the last word of a number": _last_word,
    "words and figures that differ": _disagreeing,
}
