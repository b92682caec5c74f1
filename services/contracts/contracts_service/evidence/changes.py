"""Amendments in a text: which of two values is the one that goes, and which the one that comes."""

import re

_PASSIVE = r"\b(?:is|are|was|were|(?:shall|will)\s+be|has\s+been|have\s+been)\s+(?:hereby\s+)?"
_CHANGED = (
    _PASSIVE
    + r"(?:changed|amended|revised|increased|reduced|decreased|raised|lowered|extended|moved|adjusted)"
)
#: "is changed from A to" and "'A' is deleted and replaced with": the value that follows is the new one.
_COMES = re.compile(
    rf"{_CHANGED}\s+from\s+[^;\n]{{1,100}}?\s+to\s+[\"']?$"
    rf"|(?:\"[^\"]{{1,200}}\"\s+)?{_PASSIVE}(?:deleted(?:\s+in\s+its\s+entirety)?\s+and\s+)?(?:replaced|substituted)\s+(?:with|by)\s*:?\s*[\"']?$",
    re.IGNORECASE,
)
_GOES = re.compile(rf"{_CHANGED}\s+from\s+[\"']?$", re.IGNORECASE)
_BACK = 320


def new_value_start(text: str, start: int) -> int | None:
    """Where the words begin that make the value at `start` the new one; None where none do."""
    offset = max(0, start - _BACK)
    match = _COMES.search(text[offset:start])
    return None if match is None else offset + match.start()


def is_old_value(text: str, start: int) -> bool:
    """Whether the value at `start` is what something is changed from."""
    return _GOES.search(text[max(0, start - 80) : start]) is not None
