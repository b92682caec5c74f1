"""The headings a passage stands under: its numbered section's title and its article's."""

import re

# A reference ("under Section 7.2") has words before it; a heading follows a sentence, a line or capitals.
_SECTION = re.compile(
    r"(?:(?<=[.;:)\]\"']\s)|(?<=\n)|(?<=[A-Z]{4}\s))(?:Section\s+|§\s*)?[0-9]{1,2}\.[0-9]{1,2}\.?\s+"
    r"(?P<title>[A-Z][^.;:\n]{2,80})(?=\.\s)"
)
_ARTICLE = re.compile(
    r"\bARTICLE\s+(?:[0-9]{1,2}|[IVXL]{1,6})\b[.:\s-]*(?P<title>[A-Z][A-Z,;&' -]{3,80})(?=\s|$)"
)
_LONGEST = 120


def section_starts(text: str, start: int, end: int) -> int:
    """How many numbered sections with a title begin within [start, end)."""
    return sum(match.start() < end for match in _SECTION.finditer(text, start, end + _LONGEST))


def section_title(text: str, place: int, reach: int) -> tuple[int, int] | None:
    """The [start, end) of the title of the section in which `place` stands, if it is at most `reach`
    characters before it."""
    matches = _SECTION.finditer(text, max(0, place - reach), place + _LONGEST)
    title = None
    for match in matches:
        if match.end() <= place:
            title = match.span("title")
    return title


def article_title(text: str, place: int) -> str:
    """The title of the article in which `place` stands, or "" where there is none."""
    start = text.rfind("ARTICLE ", 0, place)
    match = _ARTICLE.match(text, start) if start >= 0 else None
    return match["title"] if match else ""
