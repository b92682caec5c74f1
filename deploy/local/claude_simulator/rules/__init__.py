"""Extraction by simple, honest rules: one for each field of the contract catalogue."""

from collections.abc import Iterable

from claude_simulator.rules.assurances import ENVIRONMENTAL, GUARANTEES, LEGAL, REPORTING
from claude_simulator.rules.commerce import BILLING, PRICE, SYSTEM
from claude_simulator.rules.instructions import instructions_to_reader
from claude_simulator.rules.rule import Finding
from claude_simulator.rules.terms import DATES, IDENTITY, PARTIES, TERM

RULES = {
    rule.field: rule
    for rule in (
        *IDENTITY,
        *PARTIES,
        *DATES,
        *TERM,
        *SYSTEM,
        *PRICE,
        *BILLING,
        *GUARANTEES,
        *REPORTING,
        *ENVIRONMENTAL,
        *LEGAL,
    )
}
ABSENT: dict[str, object] = {"state": "ABSENT", "findings": []}


def extract(fields: Iterable[str], documents: Iterable[str]) -> dict[str, object]:
    """The answer to an extraction request: each field's state and findings, and what addresses the reader."""
    texts = list(documents)
    instructions = [line for text in texts for line in instructions_to_reader(text)]
    heard = [_without(text, instructions) for text in texts]
    answer: dict[str, object] = {field: field_answer(field, heard) for field in fields}
    return {**answer, "instructions_to_reader": instructions}


def field_answer(field: str, documents: Iterable[str]) -> dict[str, object]:
    """FOUND with each distinct finding, REDACTED with the blacked-out passage, or ABSENT."""
    rule = RULES.get(field)
    findings = [found for text in documents for found in rule.find(text)] if rule else []
    clear = [found for found in findings if found.value]
    if not findings:
        return dict(ABSENT)
    state, chosen = ("FOUND", clear) if clear else ("REDACTED", findings)
    return {"state": state, "findings": [_wire(found) for found in chosen]}


def _without(text: str, sentences: Iterable[str]) -> str:
    """The text with sentences struck out by characters that no rule reads across."""
    for sentence in sentences:
        text = text.replace(sentence, ("; .%" * len(sentence))[: len(sentence)])
    return text


def _wire(found: Finding) -> dict[str, str]:
    return {"value": found.value, "unit": found.unit, "quote": found.quote}
