"""Finds US social security and employer identification numbers."""

import re
from collections.abc import Iterator

from stdnum.us import ein, ssn

from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import Kind

_DASH = r"[-\u2010-\u2013]"
_BEFORE, _AFTER = r"(?<![\w$€£])(?<![0-9][-.,])", r"(?!\w)(?![-.,][0-9])"
_SSN = re.compile(rf"{_BEFORE}[0-9]{{3}}{_DASH}[0-9]{{2}}{_DASH}[0-9]{{4}}{_AFTER}")
_EIN = re.compile(rf"{_BEFORE}[0-9]{{2}}{_DASH}[0-9]{{7}}{_AFTER}")
# As such they are anything: a CUSIP, a count, an account.
_NINE_DIGITS = re.compile(rf"{_BEFORE}(?:[0-9]{{9}}|[0-9]{{3}}\s[0-9]{{2}}\s[0-9]{{4}}){_AFTER}")
_SSN_WORDS = re.compile(r"\bs\.?s\.?n\b|\bss\s?(?:#|no\b)|social\s+security|\bsoc\.?\s+sec", re.IGNORECASE)
_EIN_WORDS = re.compile(
    r"\bf?e\.?i\.?n\b|\bt\.?i\.?n\b|\bemployer['’]?s?\s+i\.?d|\btax(?:payer)?(?:['’]s)?\s*[-/]?\s*(?:i\.?d|no|num)"
    r"|\bfederal\s+(?:tax|i\.?d)|\bi\.?r\.?s\.?\s+(?:employer|no|num|i\.?d)",
    re.IGNORECASE,
)
# Characters in which a word that tells the meaning is looked for: a line of a form, or a clause.
_NEAR_BEFORE, _NEAR_AFTER = 80, 40


def find_tax_numbers(text: str, start: int, end: int) -> Iterator[Find]:
    """In that window. A number that only its context could tell is not sure without it."""
    for found in _SSN.finditer(text, start, end):
        if ssn.is_valid(_digits(found)):
            yield Find(*found.span(), Kind.SSN)
    for found in _EIN.finditer(text, start, end):
        sure = _near(_EIN_WORDS, text, found, _NEAR_AFTER) and ein.is_valid(_digits(found))
        yield Find(*found.span(), Kind.EIN, sure)
    for found in _NINE_DIGITS.finditer(text, start, end):
        yield _nine_digits(text, found)


def _nine_digits(text: str, found: re.Match[str]) -> Find:
    digits = _digits(found)
    if _near(_SSN_WORDS, text, found, 0) and ssn.is_valid(digits):
        return Find(*found.span(), Kind.SSN)
    told = found[0] == digits and _near(_EIN_WORDS, text, found, 0) and ein.is_valid(digits)
    return Find(*found.span(), Kind.EIN, told)


def _near(words: re.Pattern[str], text: str, found: re.Match[str], after: int) -> bool:
    before = text[max(found.start() - _NEAR_BEFORE, 0) : found.start()]
    behind = text[found.end() : found.end() + after]
    return bool(words.search(before) or words.search(behind))


def _digits(found: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, found[0]))
