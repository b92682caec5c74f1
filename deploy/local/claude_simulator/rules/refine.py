"""How readings are corrected from the words around them: bases of percentages, periods, codes, roles."""

import re

from claude_simulator.rules.rule import Refine
from claude_simulator.rules.values import Match, Reading

_LHV = re.compile(r"\bLHV\b|lower\s+heating\s+value", re.IGNORECASE)
_HHV = re.compile(r"\bHHV\b|higher\s+heating\s+value", re.IGNORECASE)
_EFFICIENCY_DEFINED = re.compile(r"[\"“]Efficiency[\"”]\s+means[^\"“]{0,500}", re.IGNORECASE)
_AGREEMENT_TYPES = (
    ("AMENDMENT", r"amendment"),
    ("LEASE_SUPPLEMENT", r"lease\s+supplement"),
    ("SYSTEM_ORDER", r"system\s+order|purchase\s+order"),
    ("EPC_ADDENDUM", r"(?:engineering.*procurement|EPC).*addendum"),
    ("OM_ADDENDUM", r"(?:operation|maintenance|O&M).*addendum"),
    ("EPC_MASTER", r"engineering.*procurement|\bEPC\b"),
    ("OM_MASTER", r"operations?\s*(?:and|&)\s*maintenance|maintenance\s+(?:and|services)|\bO&M\b"),
    ("FRAMEWORK_PURCHASE", r"framework"),
    ("MPA", r"master\s+(?:energy\s+server\s+)?purchase"),
    ("PPA", r"power\s+purchase"),
    ("ESA", r"energy\s+(?:services?|supply|server\s+(?:use|lease))"),
    ("APA", r"asset\s+purchase"),
    ("ASA", r"administrative\s+services"),
    ("DEFINITIONS", r"definitions"),
)
_SOLUTIONS = (
    ("MG_UNCONSTRAINED", r"unconstrained"),
    ("MG_CONSTRAINED", r"constrained"),
    ("PP_BATTERY", r"battery"),
    ("PP_STANDARD", r"standard|primary|baseload"),
)


def with_unit(unit: str) -> Refine:
    """Keep the value, say the unit."""
    return lambda reading, _match, _document: (reading[0], unit)


def only_units(*units: str) -> Refine:
    """Keep only readings in one of these units."""
    return lambda reading, _match, _document: reading if reading[1] in units else None


def only_anchored_by(words: str) -> Refine:
    """Keep only periods that run from an event with one of these words (a regular expression)."""

    def refine(reading: Reading, match: Match, _document: str) -> Reading | None:
        return reading if re.search(words, match["anchor"], re.IGNORECASE) else None

    return refine


def constant(value: str, unit: str) -> Refine:
    """What the words themselves mean, such as a consent requirement."""
    return lambda _reading, _match, _document: (value, unit)


def heating_basis(reading: Reading, match: Match, document: str) -> Reading:
    """The heating value an efficiency is on: said nearby, or in the definition of Efficiency."""
    defined = _EFFICIENCY_DEFINED.search(document)
    around = document[match.start() : match.end() + 120], defined[0] if defined else ""
    for text in around:
        for basis, pattern in (("LHV", _LHV), ("HHV", _HHV)):
            if pattern.search(text):
                return reading[0], f"% {basis}"
    return reading


def interest_period(reading: Reading, match: Match, _document: str) -> Reading:
    """The period of an interest rate: month or year."""
    monthly = re.search(r"month", match["quote"], re.IGNORECASE)
    return reading[0], "%/month" if monthly else "%/year"


def agreement_type(_reading: Reading, match: Match, _document: str) -> Reading:
    """The catalogue's code for a title."""
    title = re.sub(r"\s+", " ", match["quote"])
    return _code(_AGREEMENT_TYPES, title) or "OTHER", "enum"


def solution_type(_reading: Reading, match: Match, _document: str) -> Reading | None:
    """The catalogue's code for a kind of installation."""
    code = _code(_SOLUTIONS, match["quote"])
    return (code, "enum") if code else None


def _code(table: tuple[tuple[str, str], ...], words: str) -> str | None:
    return next((code for code, pattern in table if re.search(pattern, words, re.IGNORECASE)), None)
