"""What a sentence says of itself before it comes to a value: that it is only an example, or does not hold."""

import re

from contracts_service.evidence.headings import section_starts

_SENTENCE_START = re.compile(r"(?<!\bNo)[.;?!][\"')\]]*\s+(?=[A-Z\"'(\[])|\n")
_EXAMPLE = re.compile(
    r"\bfor\s+(?:example|instance|illustration|purposes\s+of\s+illustration)\b|\bby\s+way\s+of\s+(?:example|illustration)\b"
    r"|\be\.\s?g\.|\bhypothetical(?:ly)?\b|\bas\s+an\s+(?:example|illustration)\b",
    re.IGNORECASE,
)
# "Example: Availability Guarantee" is the heading of what follows it.
_EXAMPLE_HEADING = re.compile(r"\bexample\s*[0-9]{0,2}\s*:", re.IGNORECASE)
_NOT_SO = re.compile(
    r"\bthe\s+following\b[^.;\n]{0,60}\b(?:deleted|omitted|superseded|void|not\s+appl\w+|no\s+longer)\b"
    r"|\[\s*(?:intentionally|expressly)?\s*(?:deleted|omitted)\b"
    r"|\bnot\s+(?:(?:be|been)\s+)?(?:the\s+case|agreed?|mean\w*|constru\w+|interpret\w+|impl\w+|represent\w*|intend\w*|state\w*)"
    r"\b[^.;\n]{0,40}\bthat\b"
    r"|\b(?:previously|formerly|originally)\b[^.;\n]{0,60}\b(?:reads?|provided|stated|said)\b",
    re.IGNORECASE,
)
_BACK, _FAR_BACK = 400, 600


def is_example(text: str, start: int) -> bool:
    """Whether the value at `start` stands in a sentence that gives an example, or under such a heading."""
    if _EXAMPLE.search(_sentence_before(text, start)):
        return True
    offset = max(0, start - _FAR_BACK, text.rfind("\n", 0, start) + 1)
    headings = list(_EXAMPLE_HEADING.finditer(text, offset, start))
    return bool(headings) and not section_starts(text, headings[-1].end(), start)


def is_not_so(text: str, start: int) -> bool:
    """Whether the sentence, before it comes to the value at `start`, takes back what it says."""
    return _NOT_SO.search(_sentence_before(text, start)) is not None


def _sentence_before(text: str, start: int) -> str:
    offset = max(0, start - _BACK)
    ends = [match.end() for match in _SENTENCE_START.finditer(text, offset, start)]
    return text[ends[-1] if ends else offset : start]
