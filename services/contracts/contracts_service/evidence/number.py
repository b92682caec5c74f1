"""A number of a text, with its place; and the words for thousands and more, which figures take, too."""

from dataclasses import dataclass
from decimal import Decimal

from contracts_service.evidence.reasons import Reason

SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}


@dataclass(frozen=True, slots=True)
class Number:
    """A number at [start, end) of a text; where `flaw` is set, `value` must not be relied on."""

    start: int
    end: int
    value: Decimal
    in_words: bool
    ordinal: bool = False
    flaw: Reason | None = None
