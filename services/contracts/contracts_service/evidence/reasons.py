"""Why a claim is not verified: a short code for machines, a sentence for the person who must look."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The codes; each has its sentence below."""

    STATE_CONTRADICTS_FINDINGS = "STATE_CONTRADICTS_FINDINGS"
    CLAIM_UNREADABLE = "CLAIM_UNREADABLE"
    UNIT_NOT_ALLOWED = "UNIT_NOT_ALLOWED"
    QUOTE_TOO_SHORT = "QUOTE_TOO_SHORT"
    QUOTE_TOO_LONG = "QUOTE_TOO_LONG"
    QUOTE_NOT_FOUND = "QUOTE_NOT_FOUND"
    QUOTE_NOT_EXACT = "QUOTE_NOT_EXACT"
    QUOTE_CUT = "QUOTE_CUT"
    CROSSES_PAGE = "CROSSES_PAGE"
    SCAN_UNSURE = "SCAN_UNSURE"
    REDACTED_PASSAGE = "REDACTED_PASSAGE"
    NO_REDACTION_MARK = "NO_REDACTION_MARK"
    ADDRESSES_MACHINE = "ADDRESSES_MACHINE"
    LOOKALIKE_CHARACTERS = "LOOKALIKE_CHARACTERS"
    NO_VALUE_IN_QUOTE = "NO_VALUE_IN_QUOTE"
    VALUE_CUT = "VALUE_CUT"
    WORDS_AND_FIGURES_DISAGREE = "WORDS_AND_FIGURES_DISAGREE"
    NUMBER_UNCLEAR = "NUMBER_UNCLEAR"
    NOT_A_SINGLE_VALUE = "NOT_A_SINGLE_VALUE"
    UNITS_DISAGREE = "UNITS_DISAGREE"
    DATE_AMBIGUOUS = "DATE_AMBIGUOUS"
    DATE_IMPOSSIBLE = "DATE_IMPOSSIBLE"
    VALUE_DIFFERS = "VALUE_DIFFERS"
    ANCHOR_DIFFERS = "ANCHOR_DIFFERS"
    BASIS_UNPROVEN = "BASIS_UNPROVEN"
    PERIOD_UNPROVEN = "PERIOD_UNPROVEN"
    SEVERAL_VALUES = "SEVERAL_VALUES"
    LEFT_OPEN = "LEFT_OPEN"
    NEGATED = "NEGATED"
    ONLY_EXAMPLE = "ONLY_EXAMPLE"
    NO_CUE = "NO_CUE"
    RIVAL_CUE = "RIVAL_CUE"
    VALUES_CONFLICT = "VALUES_CONFLICT"
    NO_QUOTE = "NO_QUOTE"
    STATEMENT_NOT_IN_QUOTES = "STATEMENT_NOT_IN_QUOTES"
    FAR_FROM_ENTRY = "FAR_FROM_ENTRY"


SENTENCES = {
    Reason.STATE_CONTRADICTS_FINDINGS: "The answer's state and its findings contradict each other.",
    Reason.CLAIM_UNREADABLE: "The claimed value is not written as this kind of value must be.",
    Reason.UNIT_NOT_ALLOWED: "The claimed unit is not one this field can have.",
    Reason.QUOTE_TOO_SHORT: "The quote is too short to prove anything.",
    Reason.QUOTE_TOO_LONG: "The quote is too long to point at one value.",
    Reason.QUOTE_NOT_FOUND: "The quote does not stand in the document.",
    Reason.QUOTE_NOT_EXACT: "The quote stands in the document only nearly so, as when a scanner misread it.",
    Reason.QUOTE_CUT: "The quote starts or ends within a word or a number of the document.",
    Reason.CROSSES_PAGE: "The quote runs across a page break, where footers and headers may hide text.",
    Reason.SCAN_UNSURE: "OCR was not sure of a word of the quote; compare it with the picture of the page.",
    Reason.REDACTED_PASSAGE: "The quoted passage is redacted, so it cannot state the value.",
    Reason.NO_REDACTION_MARK: "The quote holds no redaction mark.",
    Reason.ADDRESSES_MACHINE: "The passage tells a machine what to report; it is no term of the contract.",
    Reason.LOOKALIKE_CHARACTERS: "The quote holds characters that only look like Latin letters or digits.",
    Reason.NO_VALUE_IN_QUOTE: "No value of this kind and unit can be read from the quote.",
    Reason.VALUE_CUT: "The value goes on beyond the edge of the quote.",
    Reason.WORDS_AND_FIGURES_DISAGREE: "The number in words and the number in figures differ.",
    Reason.NUMBER_UNCLEAR: "The number can be read in more than one way.",
    Reason.NOT_A_SINGLE_VALUE: "The quote states a range, a choice or a product, not a single value.",
    Reason.UNITS_DISAGREE: "The quote gives the value two different units.",
    Reason.DATE_AMBIGUOUS: "The date can be read as day/month or as month/day.",
    Reason.DATE_IMPOSSIBLE: "The quote holds a date that does not exist.",
    Reason.VALUE_DIFFERS: "The value read from the quote is not the value claimed.",
    Reason.ANCHOR_DIFFERS: "The quote counts from another event, or in the other direction.",
    Reason.BASIS_UNPROVEN: "Nothing near the quote proves the basis claimed for the percentage.",
    Reason.PERIOD_UNPROVEN: "The quote does not say for which period the percentage is counted.",
    Reason.SEVERAL_VALUES: "The quote states several values, and which one is meant is open.",
    Reason.LEFT_OPEN: "The value stands in brackets, as drafts leave what is not yet agreed.",
    Reason.NEGATED: "The quote denies, excludes or withdraws the value.",
    Reason.ONLY_EXAMPLE: "The value stands in an example.",
    Reason.NO_CUE: "Neither the quote nor its surroundings say that the value belongs to this field.",
    Reason.RIVAL_CUE: "The words nearest to the value speak of something else.",
    Reason.VALUES_CONFLICT: "The document states this field with different values.",
    Reason.NO_QUOTE: "No quote was given.",
    Reason.STATEMENT_NOT_IN_QUOTES: "The sentence states a number, date or amount that its quotes do not.",
    Reason.FAR_FROM_ENTRY: "The quote stands far from the passage that it is said to belong to.",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason together with what it was about, where that helps."""

    code: Reason
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return f"{SENTENCES[self.code]} {self.detail}".strip()
