"""A rule: where one catalogue field is said in the words of energy contracts, and what the match means.

A template is a regular expression with a few words of its own. A space is any white space; `{kind}` is a
value of a kind (see values.py); `{gap}` and `{far}` are text of the same sentence; `{near}` is text without
another percentage; `{after}` is the event a period runs from; `<<` and `>>` bound the quote where it is less
than the whole match. The same template with its value blacked out tells that the document says it, redacted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from claude_simulator.rules.amended import Amended, amended
from claude_simulator.rules.numbers import plain
from claude_simulator.rules.values import KINDS, Match, Reading

MARK = r"\[\s*(?:\*+|REDACTED)\s*\]"
_BLACKED_OUT = (
    rf"(?:US)?\$?\s*{MARK}(?:\s*(?:%|per\s?cent|(?:/|per)\s*(?:kW|MW)[\w-]*|(?:business\s+)?days|months|years"
    r"|kWh?|MWh?))?"
)
_SAME_SENTENCE = r"(?:(?!\.\s|\.\Z)[\s\S])"
_ANCHOR_END = (
    r"(?=\s*(?:[,.;:()]|\Z)|\s+(?:and|or|unless|which|that|whether|in|to|if|by|but|for|with|provided|at"
    r"|stating|describing|containing|shall|is\s+not|from)\b)"
)
_TOKENS = {
    "{gap}": _SAME_SENTENCE + "{0,120}?",
    "{far}": _SAME_SENTENCE + "{0,350}?",
    "{near}": r"[^%;]{0,90}?",
    "{after}": r"(?P<relation>after|following|of|from)\s+(?P<anchor>[\w'’\s-]{3,90}?)" + _ANCHOR_END,
    "{before}": r"(?P<relation>before|prior\s+to)\s+(?P<anchor>[\w'’\s-]{3,90}?)" + _ANCHOR_END,
    "<<": "(?P<quote>",
    ">>": ")",
}
_VALUE = re.compile("{(" + "|".join(KINDS) + ")}")


@dataclass(frozen=True)
class Finding:
    """One place that says a field: canonical value and unit, and the document's own words."""

    value: str
    unit: str
    quote: str


Refine = Callable[[Reading, Match, str], Reading | None]


@dataclass(frozen=True)
class Rule:
    """How one field is found. `otherwise` is tried only where `patterns` find nothing, clear or blacked out.

    `refine` corrects a reading from its surroundings (given the document), or drops it by returning None.
    `first_characters` limits the rule to the opening, where only that speaks of this very agreement.
    `single` keeps the first finding only, for what a document says of itself by where it stands (its title).
    """

    field: str
    patterns: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    refine: Refine | None = None
    first_characters: int | None = None
    single: bool = False

    def find(self, document: str) -> list[Finding]:
        """Distinct findings in order; a redacted one has an empty value and stands only without others.

        What the document itself strikes is not read.
        """
        read = amended(document)
        for templates in (self.patterns, self.otherwise):
            if found := self._clear(templates, read) or _redacted(templates, self._scope(read), read):
                return found
        return []

    def _scope(self, read: Amended) -> str:
        return read.text[: self.first_characters]

    def _clear(self, templates: tuple[str, ...], read: Amended) -> list[Finding]:
        located = [hit for template in templates for hit in self._matches(template, read)]
        distinct: dict[tuple[str, str], Finding] = {}
        for _, finding in sorted(located, key=lambda hit: hit[0]):
            distinct.setdefault(_meaning(finding), finding)
        return list(distinct.values())[: 1 if self.single else None]

    def _matches(self, template: str, read: Amended) -> Iterator[tuple[int, Finding]]:
        kind = _kind_of(template)
        for match in _compiled(template).finditer(self._scope(read)):
            reading = KINDS[kind].read(match) if kind else ("", "")
            if reading is not None and self.refine is not None:
                reading = self.refine(reading, match, read.text)
            if reading is not None:
                yield match.start(), Finding(*reading, _quote(match, read))


def _meaning(finding: Finding) -> tuple[str, str]:
    """What makes findings one: 1.95 MW is 1,950 kW; a period is its length, however its event is worded."""
    unit = finding.unit.split(" after ")[0].split(" before ")[0]
    if unit in ("MW", "MWh"):
        return plain(Decimal(finding.value) * 1_000), unit.replace("M", "k")
    return " ".join(finding.value.split()).lower(), unit


def _redacted(templates: tuple[str, ...], scope: str, read: Amended) -> list[Finding]:
    for template in templates:
        blacked_out = _VALUE.sub(lambda _: _BLACKED_OUT, template)
        if blacked_out != template and (match := _compiled(blacked_out).search(scope)):
            return [Finding("", "", _quote(match, read))]
    return []


@lru_cache(maxsize=1_024)
def _compiled(template: str) -> re.Pattern[str]:
    pattern = template.replace(" ", r"\s+")
    for token, meaning in _TOKENS.items():
        pattern = pattern.replace(token, meaning)
    return re.compile(_VALUE.sub(lambda kind: f"(?P<value>{KINDS[kind[1]].pattern})", pattern), re.IGNORECASE)


def _kind_of(template: str) -> str | None:
    found = _VALUE.search(template)
    return found[1] if found else None


def _quote(match: Match, read: Amended) -> str:
    """The words of the document; for a value that a change brings, those of the change."""
    groups = match.groupdict()
    start, end = match.span("quote" if groups.get("quote") else 0)
    value = groups.get("value")
    return read.quote(start, end, match.end("value") - len(value.lstrip()) if value else start)
