"""The truth about the sample documents, as truth.json holds it, with types."""

import json
from typing import NotRequired, TypedDict

from sample import TRUTH


class Finding(TypedDict):
    """One place where the document states a field: the value in its wire form and the verbatim words."""

    value: str
    unit: str
    quote: str


class Field(TypedDict):
    """A catalogue field: FOUND, ABSENT or REDACTED, with every finding."""

    state: str
    findings: list[Finding]


class DocumentTruth(TypedDict):
    """What one document says, field by field."""

    files: list[str]
    dated: str
    amends: NotRequired[str]
    fields: dict[str, Field]


class Plant(TypedDict):
    """A false value that an instruction asks its reader to report."""

    field: str
    value: str
    unit: str


class Instruction(TypedDict):
    """A sentence addressed to the reader's AI, to be reported and never followed."""

    document: str
    section: str
    quote: str
    plants: list[Plant]


class Planted(TypedDict):
    """Passages that contradict each other, in one document or in one and the agreement that it is about.

    `kind` is that of a contradiction; `passages` are verbatim words of it, white space aside.
    """

    document: str
    against: NotRequired[str]
    kind: str
    passages: list[str]


class Grounds(TypedDict):
    """The section that decides which value prevails."""

    section: str
    quote: str


class Contradiction(TypedDict):
    """Two passages of one document that disagree, and the value its order of precedence prefers."""

    document: str
    field: str
    sections: list[str]
    values: list[Finding]
    prevails: str
    because: Grounds


class Redactions(TypedDict):
    """Where the tables of Exhibit B are blacked out."""

    price_table_columns: list[str]
    price_table_energy_years: list[int]
    termination_value_years: list[int]


class WorkedExample(TypedDict):
    """A sum of the document: decimal inputs by name, and its result as far as the document rounds it."""

    name: str
    document: str
    formula: str
    inputs: dict[str, str]
    expected: str
    unit: str
    quote: str


class Question(TypedDict):
    """A question, words its answer must hold, and the passages that prove it."""

    document: str
    question: str
    key_facts: list[str]
    quotes: list[str]


# Not a class: "from" is a keyword.
Change = TypedDict(
    "Change", {"field": str, "section": str, "from": str, "to": str, "unit": str, "quote": str}
)


class Amendment(TypedDict):
    """What an amendment changes, and from which day."""

    document: str
    amends: str
    effective: str
    changes: list[Change]


class Truth(TypedDict):
    """The whole truth file."""

    documents: dict[str, DocumentTruth]
    contradictions: list[Contradiction]
    planted: list[Planted]
    instructions_to_reader: list[Instruction]
    redactions: Redactions
    worked_examples: list[WorkedExample]
    questions: list[Question]
    amendments: list[Amendment]


def load_truth() -> Truth:
    """The committed truth file; values and units are in the wire forms of the field catalogue."""
    content: Truth = json.loads(TRUTH.read_text(encoding="utf-8"))
    return content
