"""Sentences that address a machine that reads the document: they are no statement of the contract."""

import re

_MACHINE = (
    r"(?:(?:artificial[-\s]intelligence|a\.?i\.?|automated|language[-\s]model|llm)[-\s]+(?:based\s+)?"
    r"(?:readers?|systems?|assistants?|agents?|models?|tools?|programs?|software|extractors?|parsers?|reviewers?)"
    r"|(?:automatic|machine|electronic)[-\s]+(?:readers?|extractors?|parsers?|reviewers?)"
    r"|(?:large\s+)?language\s+models?|llms?|chat-?\s?bots?|artificial\s+intelligence)"
)
# To mention such machines is no crime; to tell them what to do with the document is.
_TOLD = (
    r"(?:must|shall|should|disregard|ignore|overlook|summari[sz]\w+|extract\w*|report|respond|answer|output|return|state"
    r"|instruct\w*|note\s+to|attention|treat)"
)
_ADDRESS = re.compile(
    rf"\b{_MACHINE}\b[^\n]{{0,200}}?\b{_TOLD}\b|\b{_TOLD}\b[^.\n]{{0,80}}?\b{_MACHINE}\b"
    r"|\b(?:ignore|disregard|forget|override)\b[^.\n]{0,30}\b(?:previous|prior|earlier|above|preceding|all|system|your)\s+(?:\w+\s+)?(?:instructions?|prompts?)\b"
    r"|\byou\s+are\s+(?:an?\s+|now\s+)?(?:ai\b|assistant|language|model|chat)"
    r"|\bsystem\s+prompt\b",
    re.IGNORECASE,
)
# The end of a paragraph, or of a sentence; "Section 14.2" and "$0.0450" end none.
_SENTENCE_END = re.compile(r"[.!?][\"')]*\s+(?=[A-Z\"'(])|\n")
_BACK, _AHEAD = 1_200, 400
#: An address goes on: the sentences right after it are told to the same reader.
_SENTENCES_AFTER = 2


def addresses_machine(text: str, start: int, end: int) -> bool:
    """Whether [start, end) of `text` touches a sentence told to a machine reader, or follows it closely."""
    stretch_start = _sentence_start(text, start)
    following = _SENTENCE_END.search(text, end, min(len(text), end + _AHEAD))
    stretch_end = following.start() if following else min(len(text), end + _AHEAD)
    return _ADDRESS.search(text, stretch_start, stretch_end) is not None


def _sentence_start(text: str, place: int) -> int:
    """The start of the sentence `_SENTENCES_AFTER` before the one at `place`, within its paragraph."""
    offset = max(0, place - _BACK)
    ends = list(_SENTENCE_END.finditer(text, offset, place))
    paragraph = next((i for i in range(len(ends) - 1, -1, -1) if ends[i][0] == "\n"), -1)
    ends = ends[paragraph:] if paragraph >= 0 else ends
    if len(ends) <= _SENTENCES_AFTER:
        return ends[0].end() if paragraph >= 0 else offset
    return ends[-1 - _SENTENCES_AFTER].end()
