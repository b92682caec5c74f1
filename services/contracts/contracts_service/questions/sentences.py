"""Reads the answer's JSON as it streams, and gives each sentence as soon as its object is complete."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

_DECODER = json.JSONDecoder()
# An answer has a handful of sentences; more text than this is not an answer.
_MAX_CHARACTERS = 200_000


class MalformedAnswerError(ValueError):
    """The stream is not the JSON that was asked for."""


@dataclass(frozen=True, slots=True)
class ClaimedSentence:
    """What Claude says, and the quotes that it offers as proof."""

    text: str
    quotes: tuple[str, ...]


class SentenceStream:
    """`feed` takes pieces of `{"sentences": [{…}, …]}` as they come; `finish` when no more comes."""

    def __init__(self) -> None:
        self._text = ""
        self._position = -1  # of the next object in the array; -1 before the array

    def feed(self, piece: str) -> Iterator[ClaimedSentence]:
        """The sentences that are complete now. Raises MalformedAnswerError."""
        self._text += piece
        if len(self._text) > _MAX_CHARACTERS:
            raise MalformedAnswerError("the answer is longer than any answer")
        if self._position < 0:
            array = self._text.find("[")
            if array < 0:
                return
            self._position = array + 1
        while (start := self._next_object()) is not None:
            try:
                value, self._position = _DECODER.raw_decode(self._text, start)
            except json.JSONDecodeError:
                return  # not complete yet
            yield _sentence(value)

    def finish(self) -> None:
        """Raises MalformedAnswerError when the whole text is not an answer."""
        try:
            whole = json.loads(self._text)
        except json.JSONDecodeError as broken:
            raise MalformedAnswerError("the answer is not JSON") from broken
        if not isinstance(whole, dict) or not isinstance(whole.get("sentences"), list):
            raise MalformedAnswerError("the answer has no list of sentences")

    def _next_object(self) -> int | None:
        rest = self._text[self._position :]
        start = len(rest) - len(rest.lstrip(" \t\r\n,"))
        return self._position + start if rest[start : start + 1] == "{" else None


def _sentence(value: object) -> ClaimedSentence:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise MalformedAnswerError("a sentence has no text")
    quotes = value.get("quotes")
    if not isinstance(quotes, list) or not all(isinstance(quote, str) for quote in quotes):
        raise MalformedAnswerError("a sentence has no list of quotes")
    return ClaimedSentence(value["text"], tuple(quotes))
