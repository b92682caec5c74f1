"""The marks that stand for withheld values, and what only looks like one of them."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What was withheld, as Claude sees it: `[EMAIL-1]`."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    SSN = "SSN"
    EIN = "EIN"
    IBAN = "IBAN"
    CARD = "CARD"
    MARKED = "PRIVATE"  # by the caller
    LITERAL = "LITERAL"  # text that looks like a placeholder and is none; not personal data
    SEAL = "SEAL"  # stands for nothing: see `seal`


# Nothing in it that JSON escapes or Markdown reads. Its only brackets are its ends: two placeholders never
# overlap, and none comes into being where a piece of text meets another.
_NAMES = "|".join(Kind)
_MOST_DIGITS = 6
PLACEHOLDER = re.compile(rf"\[(?:{_NAMES})-[1-9][0-9]{{0,{_MOST_DIGITS - 1}}}\]")

# Wider than a placeholder: what Claude, copying it carelessly, could turn into one is a lookalike, too.
LOOKALIKE = re.compile(
    rf"\[\s?(?:{_NAMES})\s?[-_\u2010-\u2015\u2212]\s?[0-9]{{1,{_MOST_DIGITS + 3}}}\s?\]", re.IGNORECASE
)

MOST_PER_KIND = 10**_MOST_DIGITS - 1
_LONGEST = len("[]-") + max(map(len, Kind)) + _MOST_DIGITS
_BEGINNINGS = "|".join(sorted({kind[:end] for kind in Kind for end in range(len(kind))}, reverse=True))
_BEGINNING = re.compile(rf"\[(?:(?:{_NAMES})(?:-(?:[1-9][0-9]{{0,{_MOST_DIGITS - 1}}})?)?|{_BEGINNINGS})")

# The `n` keeps these examples from being placeholders themselves. One constant text: it is part of a prompt's
# stable prefix.
NOTICE = """\
Some values are withheld from you. Marks such as [EMAIL-n], [PHONE-n], [SSN-n], [EIN-n], [IBAN-n], [CARD-n], \
[PRIVATE-n] and [LITERAL-n], where n is a number, stand in their place; the same mark always stands for the \
same value. The values are there: a mark is not a redaction of the document and not a blank. Where a value \
is needed, also inside a quote, repeat its mark exactly, with its brackets; never guess what it stands for."""


def placeholder(kind: Kind, number: int) -> str:
    """The mark of the `number`-th value of its kind. Raises OverflowError where numbers end."""
    if number > MOST_PER_KIND:
        raise OverflowError("too many values of one kind")
    return f"[{kind}-{number}]"


def settled_length(text: str) -> int:
    """How much of `text` is settled, whatever follows it: the rest may be the beginning of a placeholder."""
    start = text.rfind("[", -_LONGEST)
    return start if start >= 0 and _BEGINNING.fullmatch(text, start) else len(text)
