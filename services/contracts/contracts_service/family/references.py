"""Finds where an amendment or an addendum names the document that it belongs to. Pure."""

import re

# It stands on the first pages, or nowhere.
_FRONT = 6_000
_NAMED = re.compile(
    r"\b(?i:amendments?|amends?|amending|addendum|supplements?|order|issued|entered\s+into|pursuant|under|subject)\b"
    r"(?:[^.;“”\"]|(?i:\bno\.)){0,60}?\b(?:to|of|under|amends?|by)?\s*\b(?P<named>(?:the|that\s+certain|a\s+certain)\s+"
    r"(?!parties|undersigned)[A-Z][^.;“”\"()]{2,140}?\b(?:AGREEMENT|Agreement|Contract|CONTRACT|Lease|LEASE)\b"
    r"(?:[^.;“”\"()]{0,60}?\bdated\b[^.;“”\"()]{3,40}\b\d{4})?)",
)


def named(text: str) -> tuple[int, int] | None:
    """[start, end) of the first words that name another agreement; None where there are none."""
    match = _NAMED.search(text, 0, _FRONT)
    return match.span("named") if match else None
