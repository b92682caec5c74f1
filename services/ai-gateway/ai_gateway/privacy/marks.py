"""Finds what the caller marked: names, account numbers, whatever only it can know to be private."""

import re
from collections.abc import Iterator, Sequence

from ai_gateway.privacy.finds import Find
from ai_gateway.privacy.placeholders import Kind

# Each costs one pass over the request.
MOST_MARKED = 200
MOST_LENGTH = 1_000


class Marks:
    """Whole words, in the case as marked; between them any white space, for a document breaks its lines."""

    def __init__(self, marked: Sequence[str]) -> None:
        """Blank ones are passed over. Raises ValueError for too many and too long ones."""
        if len(marked) > MOST_MARKED or any(len(value) > MOST_LENGTH for value in marked):
            raise ValueError("more is marked than can be looked for")
        self._patterns = [
            _pattern(words) for words in dict.fromkeys(tuple(v.split()) for v in marked) if words
        ]

    def find(self, text: str) -> Iterator[Find]:
        """Every place of every mark."""
        for pattern in self._patterns:
            for found in pattern.finditer(text):
                if _stands_alone(text, found):
                    yield Find(*found.span(), Kind.MARKED)


def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\s++".join(map(re.escape, words)))


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    """`Ann` is not in `Annual`. Looked at afterwards: a search for plain characters is far faster."""
    start, end = found.span()
    goes_on_before = start > 0 and _in_word(text[start]) and _in_word(text[start - 1])
    return not (goes_on_before or (end < len(text) and _in_word(text[end - 1]) and _in_word(text[end])))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
