"""Numbers as contracts write them: digits, words, ordinals and fractions in words."""

import re
from decimal import Decimal

DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+"

_UNIT_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS = {name: value for value, name in enumerate(_UNIT_WORDS.split())}
_TENS = {name: 10 * value for value, name in enumerate(_TEN_WORDS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_IRREGULAR_ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
}
_ORDINALS = (
    _IRREGULAR_ORDINALS
    | {f"{name[:-1]}ieth": value for name, value in _TENS.items()}
    | {f"{name}th": value for name, value in _UNITS.items() if value in (4, 6, 7, 10, 11, *range(13, 20))}
)
_FRACTIONS = {
    "half": Decimal("0.5"),
    "quarter": Decimal("0.25"),
    "tenth": Decimal("0.1"),
    "tenths": Decimal("0.1"),
    "hundredths": Decimal("0.01"),
}

_CARDINAL = "|".join(sorted([*_UNITS, *_TENS, *_SCALES], key=len, reverse=True))
_ANY = "|".join(sorted([*_UNITS, *_TENS, *_SCALES, *_ORDINALS, *_FRACTIONS], key=len, reverse=True))
WORDS = rf"\b(?:{_CARDINAL})(?:[\s-]+(?:and\s+)?(?:a\s+|one[\s-]+)?(?:{_ANY}))*\b"
ORDINAL_WORDS = (
    rf"\b(?:(?:{'|'.join(_TENS)})[\s-]+)?(?:{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})\b"
)


def from_digits(text: str) -> Decimal:
    """The number of a string of digits with thousands separators."""
    return Decimal(text.replace(",", ""))


def from_words(text: str) -> Decimal:
    """The number of a phrase such as "one and five-tenths"; ValueError on other words."""
    total, part, pending = Decimal(0), Decimal(0), Decimal(0)
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in ("and", "a"):
            total, part = (total + part, Decimal(0)) if _fraction_follows(text, word) else (total, part)
        elif word in _FRACTIONS:
            pending += (part or Decimal(1)) * _FRACTIONS[word]
            part = Decimal(0)
        elif word == "hundred":
            part = (part or Decimal(1)) * 100
        elif word in _SCALES:
            total, part = total + (part or Decimal(1)) * _SCALES[word], Decimal(0)
        elif word in _UNITS or word in _TENS or word in _ORDINALS:
            part += _UNITS.get(word, _TENS.get(word, _ORDINALS.get(word, 0)))
        else:
            raise ValueError(f"not a number word: {word}")
    return total + part + pending


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros: 1000000, 0.1195."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _fraction_follows(text: str, word: str) -> bool:
    return word == "and" and any(name in text.lower() for name in _FRACTIONS)
