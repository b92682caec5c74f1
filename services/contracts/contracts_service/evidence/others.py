"""Other documents that a text names: their titles, numbers and dates are not its own."""

import re

# "... amends the Energy Services Agreement, Reference No. 17, dated as of": all of it is the other's.
_REFERS = re.compile(
    r"\b(?:amend(?:s|ing)|supplement(?:s|ing)|restat(?:es|ing)|pursuant\s+to|in\s+connection\s+with|as\s+defined\s+in"
    r"|under\s+(?:the|that)|that\s+certain)\b(?:(?!(?<!\bNo)\.\s+[A-Z])[^;\n]){0,160}$"
    r"|\bto\s+(?:the\s+|that\s+certain\s+)?$",
    re.IGNORECASE,
)
_BACK = 220


def of_another_document(text: str, start: int) -> bool:
    """Whether the words before the value at `start` refer to a document other than the one they stand in."""
    return _REFERS.search(text[max(0, start - _BACK) : start]) is not None
