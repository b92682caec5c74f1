"""A document's sentences, verbatim, without those that instruct its reader."""

import re

from claude_simulator.rules.instructions import instructions_to_reader

SHORTEST, LONGEST = 25, 1_900  # characters; the verifier takes no longer quote
# The end of a sentence, a paragraph or a page. "Inc. (" and "No. 5" end none, nor does a numbered heading.
_END = re.compile(
    r"(?<![A-Z]\.)(?<!\bInc\.)(?<!\bCorp\.)(?<!\bLtd\.)(?<!\bCo\.)(?<!\bNo\.)(?<!\bSec\.)(?<!\bv\.)(?<!\d\.)"
    r"(?<=[.?!])[\"”’)]*\s+(?=[\"“(A-Z\d])|\n[^\S\n]*\n|\n?\f"
)
_NUMBER = re.compile(
    r"\A(?:(?:Section|SECTION|ARTICLE|Article)\s+)?(?:\d{1,2}(?:\.\d{1,2})*|[a-z]|[ivx]{1,4})[.)]\s+"
)
_CONTENTS = re.compile(r"(?:\.\s?){5,}")


def sentences(document: str) -> list[str]:
    """In order; what is too short to mean anything, or too long to quote, is left out."""
    told = set(instructions_to_reader(document))
    found, start = [], 0
    for end in [*(match.span() for match in _END.finditer(document)), (len(document), len(document))]:
        sentence = _NUMBER.sub("", document[start : end[0]].strip())
        if SHORTEST <= len(sentence) <= LONGEST and sentence not in told and not _CONTENTS.search(sentence):
            found.append(sentence)
        start = end[1]
    return found
