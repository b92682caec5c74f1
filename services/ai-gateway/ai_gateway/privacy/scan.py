"""Searches a text for personal data, once for the many requests that carry the same text."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock

from ai_gateway.privacy.accounts import find_cards, find_ibans
from ai_gateway.privacy.emails import find_emails
from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.phones import BEGIN, JOIN, Phones
from ai_gateway.privacy.placeholders import LOOKALIKE, Kind
from ai_gateway.privacy.tax_numbers import find_tax_numbers

# Seven digits, with little between them: all that can hold a number worth a closer look. A long text has few.
_DIGITS = re.compile(rf"{BEGIN}(?:{JOIN}[0-9]){{6,}}+")
# So many characters are searched faster than they are hashed.
_SHORT = 200


def scan(text: str) -> tuple[Find, ...]:
    """All finds, in no order; they may overlap. They depend on the text alone."""
    if len(text) < _SHORT:
        return tuple(_search(text))
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    finds = _kept.get(key)
    if finds is None:
        finds = tuple(_search(text))
        _kept.put(key, finds)
    return finds


class KeptScans:
    """The finds of the texts that were asked for last, without the texts. Safe for threads."""

    def __init__(self, most_texts: int, most_finds: int) -> None:
        self._most_texts = most_texts
        self._most_finds = most_finds
        self._kept: OrderedDict[bytes, tuple[Find, ...]] = OrderedDict()
        self._finds = 0
        self._lock = Lock()

    def get(self, key: bytes) -> tuple[Find, ...] | None:
        """The finds, which makes them the last to go."""
        with self._lock:
            finds = self._kept.get(key)
            if finds is not None:
                self._kept.move_to_end(key)
            return finds

    def put(self, key: bytes, finds: tuple[Find, ...]) -> None:
        """Keeps them, unless they alone would push out most of the others."""
        if len(finds) > self._most_finds // 4:
            return
        with self._lock:
            self._finds += len(finds) - len(self._kept.pop(key, ()))
            self._kept[key] = finds
            while self._finds > self._most_finds or len(self._kept) > self._most_texts:
                self._finds -= len(self._kept.popitem(last=False)[1])

    @property
    def size(self) -> tuple[int, int]:
        """Texts, and finds in all of them."""
        with self._lock:
            return len(self._kept), self._finds


# A find takes about 130 bytes and an entry about 300: 8 MB at most.
_kept = KeptScans(most_texts=4_096, most_finds=50_000)


def _search(text: str) -> Iterator[Find]:
    for mark in LOOKALIKE.finditer(text):
        yield Find(*mark.span(), Kind.LITERAL)
    yield from find_emails(text)
    yield from find_ibans(text)
    phones = Phones(text)
    for digits in _DIGITS.finditer(text):
        start, end = digits.span()
        # The two characters behind tell whether a number goes on.
        yield from find_cards(text, start, end + 2)
        yield from find_tax_numbers(text, start, end + 2)
        yield from phones.find(start, end)
