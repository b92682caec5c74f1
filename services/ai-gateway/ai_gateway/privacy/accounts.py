"""Finds payment cards and IBANs."""

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum import iban, luhn, numdb

from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import Kind

_GAP = r"[\s.\-\u2010-\u2013]"
_CARD = re.compile(
    rf"""
    (?<![\w$€£]) (?<![0-9][-.,])
    (?: [0-9]{{13,19}}
      | [0-9]{{4}} {_GAP} [0-9]{{6}} {_GAP} [0-9]{{4,5}}
      | (?P<sixteen> [0-9]{{4}} (?: {_GAP} [0-9]{{4}} ){{3}} ) (?: {_GAP} [0-9]{{1,3}} )?
    )
    (?!\w) (?![-.,][0-9])
    """,
    re.VERBOSE,
)
_IBAN_BEGINS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[\s.-]?[A-Za-z0-9])")
_ISSUERS = (
    # First and last prefix, lengths: ISO/IEC 7812 as the schemes publish their ranges.
    ("34", "34", {15}), ("37", "37", {15}),  # American Express
    ("300", "305", {14, 16}), ("36", "36", {14, 16}), ("38", "39", {14, 16}),  # Diners Club
    ("3528", "3589", {16, 19}),  # JCB
    ("4", "4", {13, 16, 19}),  # Visa
    ("51", "55", {16}), ("2221", "2720", {16}),  # Mastercard
    ("5018", "5018", {16, 18, 19}), ("5020", "5020", {16, 18, 19}), ("5038", "5038", {16, 18, 19}),  # Maestro
    ("6304", "6304", {16, 18, 19}), ("6759", "6763", {16, 18, 19}),
    ("6011", "6011", {16, 19}), ("644", "659", {16, 19}),  # Discover
    ("62", "62", {16, 17, 18, 19}),  # UnionPay
)  # fmt: skip


def find_cards(text: str, start: int, end: int) -> Iterator[Find]:
    """Card numbers in that window: of an issuer's range, grouped as on a card, with the check digit."""
    for candidate in _CARD.finditer(text, start, end):
        for group in (0, "sixteen"):
            written = candidate[group]
            if written is not None and _is_card("".join(filter(str.isdigit, written))):
                yield Find(*candidate.span(group), Kind.CARD)
                break


def find_ibans(text: str) -> Iterator[Find]:
    """International bank account numbers with the structure of their country and both check digits."""
    for begun in _IBAN_BEGINS.finditer(text):
        length = _iban_length(begun[0][:2].upper())
        whole = _of_length(length).match(text, begun.start()) if length else None
        if whole is not None and iban.is_valid(_compact(whole[0]), check_country=False):
            yield Find(*whole.span(), Kind.IBAN)


def _is_card(digits: str) -> bool:
    issued = any(
        first <= digits[: len(first)] <= last and len(digits) in lengths for first, last, lengths in _ISSUERS
    )
    return issued and luhn.is_valid(digits)


def _compact(written: str) -> str:
    return "".join(filter(str.isalnum, written)).upper()


@lru_cache(maxsize=1024)
def _iban_length(country: str) -> int:
    """0 where there are none."""
    ((_, properties), *_) = numdb.get("iban").info(country)
    parts = re.findall(r"([0-9]+)!", properties.get("bban", ""))
    return sum(map(int, parts)) + 4 if parts else 0


@lru_cache(maxsize=64)
def _of_length(length: int) -> re.Pattern[str]:
    return re.compile(rf"[A-Za-z0-9](?:[\s.-]?[A-Za-z0-9]){{{length - 1}}}(?![A-Za-z0-9])")
