"""What the catalogue says about one field: its kind, its units, and the words that belong to it."""

from dataclasses import dataclass
from enum import StrEnum

#: Where title, parties and date are printed before the text begins, in characters.
FRONT = 1_000


class Kind(StrEnum):
    """How a value is written on the wire and re-read from its quote."""

    DATE = "DATE"
    QUANTITY = "QUANTITY"
    INTEGER = "INTEGER"
    MONEY = "MONEY"
    RATE = "RATE"
    PERCENT = "PERCENT"
    RELATIVE_DATE = "RELATIVE_DATE"
    TEXT = "TEXT"
    JURISDICTION = "JURISDICTION"
    ENUM = "ENUM"
    BOOLEAN = "BOOLEAN"


@dataclass(frozen=True, slots=True)
class Choice:
    """One fixed code and the wordings (regular expressions) that state it."""

    code: str
    wordings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of the catalogue.

    `units` are the canonical unit strings a claim may carry; a relative date's are the offsets
    ("days", "business days", ...) that stand before "after" or "before" and its anchor.
    `cues` and `rivals` are case-insensitive regular expressions over normalised text: a quote counts
    for this field only where one of its cues is nearer to the value than any rival.
    """

    name: str
    group: str
    kind: Kind
    label: str
    description: str
    units: tuple[str, ...]
    cues: tuple[str, ...]
    rivals: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    #: Fields of the same kind whose cues do not speak against this one.
    akin: tuple[str, ...] = ()
    #: Cues that count only on the document's first page or so: within its first `FRONT` characters.
    front_cues: tuple[str, ...] = ()
    #: The defined term whose definition may name the basis of a percentage ("Efficiency" ... LHV).
    basis_term: str = ""
    #: What a text must look like to be this field's: a case-insensitive regular expression that it holds.
    form: str = ""
    #: A fact about this very document, not about one that it refers to.
    of_itself: bool = False
    #: A party's name: its role is defined right after it, and it may not be cut short.
    party: bool = False
