"""A contradiction of a contract with itself, and what it is called."""

import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from contracts_service.evidence.model import Evidence

_SPACE = re.compile(r"\s+")
_KEY_CHARACTERS = 32


class Kind(StrEnum):
    """What disagrees with what."""

    WORDS_AND_FIGURES = "WORDS_AND_FIGURES"
    SAME_QUANTITY_TWICE = "SAME_QUANTITY_TWICE"
    DEFINED_TWICE = "DEFINED_TWICE"
    DATE = "DATE"
    TABLE_AGAINST_FORMULA = "TABLE_AGAINST_FORMULA"
    SUM = "SUM"
    UNIT = "UNIT"
    REFERENCE = "REFERENCE"


class Severity(StrEnum):
    """HIGH changes money, power or time; MEDIUM may; LOW is a slip that a reader can repair.

    WARNING: no second passage says otherwise; the figure alone is hard to believe.
    """

    WARNING = "WARNING"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class Passage:
    """Words of a document, and the value that they state ("15 years"); "" where they state none."""

    evidence: Evidence
    value: str
    document_id: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two or more passages that cannot all be right.

    `sentence` tells in plain words what disagrees; `computation` how a value was worked out, or "".
    """

    kind: Kind
    severity: Severity
    sentence: str
    passages: tuple[Passage, ...]
    computation: str = ""

    @property
    def key(self) -> str:
        """The same for the same kind over the same words, wherever they stand: lower-case hex."""
        quotes = sorted(_SPACE.sub(" ", one.evidence.quote).strip() for one in self.passages)
        return sha256("\x1f".join((self.kind, *quotes)).encode()).hexdigest()[:_KEY_CHARACTERS]

    @property
    def first(self) -> int:
        """Where its first passage starts, in code points of the stored text."""
        return min(one.evidence.char_start for one in self.passages)
