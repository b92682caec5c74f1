"""Documents, claims about them, and what verification makes of a claim."""

from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from operator import itemgetter

from contracts_service.evidence.normalize import Normalized, Rewritten, normalize, rewrite
from contracts_service.evidence.pages import running_lines
from contracts_service.evidence.reasons import Doubt
from contracts_service.evidence.skeleton import skeleton
from contracts_service.evidence.values import Value
from contracts_service.fields import AnswerState


class Status(StrEnum):
    """What is known about a field after its claims were checked against the document."""

    VERIFIED = "VERIFIED"
    UNVERIFIED = "UNVERIFIED"
    CONFLICT = "CONFLICT"
    ABSENT = "ABSENT"
    REDACTED = "REDACTED"


@dataclass(frozen=True)
class DocumentText:
    """A document's stored text. Offsets are code points; `pages` are [start, end), in order, covering it.

    `unsure` are words, [start, end) in order, that OCR read too unsurely for them to prove anything.
    """

    text: str
    pages: tuple[tuple[int, int], ...]
    document_id: str
    sha256: str
    unsure: tuple[tuple[int, int], ...] = ()

    def is_unsure(self, start: int, end: int) -> bool:
        """Whether [start, end) of the stored text holds such a word."""
        first = bisect_right(self.unsure, start, key=itemgetter(1))
        return first < len(self.unsure) and self.unsure[first][0] < end

    @cached_property
    def normalized(self) -> Normalized:
        """The text without typographic noise; computed once."""
        return normalize(self.text)

    @cached_property
    def running_lines(self) -> tuple[tuple[int, int], ...]:
        """The headers and footers of the pages, as [start, end) of the text."""
        return running_lines(self.text)

    @cached_property
    def joined(self) -> Rewritten:
        """The text without its headers and footers."""
        return rewrite(self.text, ((start, end, "") for start, end in self.running_lines))

    @cached_property
    def joined_normalized(self) -> Normalized:
        """The same, normalised."""
        return normalize(self.joined.text)

    @cached_property
    def skeleton(self) -> Rewritten:
        """What is left of the normalised text when a scanner's misreadings are levelled."""
        return skeleton(self.normalized.text)

    def page_at(self, offset: int) -> int:
        """The 1-based number of the page on which the character at `offset` stands."""
        return max(1, bisect_right(self._page_starts, offset))

    @cached_property
    def _page_starts(self) -> tuple[int, ...]:
        return tuple(start for start, _ in self.pages)


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of the reader: this field has this value, and these words say so."""

    field: str
    state: AnswerState
    value: str
    unit: str
    quote: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of the stored text: `quote` is its exact characters at [char_start, char_end)."""

    char_start: int
    char_end: int
    page: int
    quote: str

    @classmethod
    def at(cls, document: DocumentText, start: int, end: int) -> "Evidence":
        """The evidence that stands at [start, end) of the stored text."""
        return cls(start, end, document.page_at(start), document.text[start:end])

    def stands_in(self, document: DocumentText) -> bool:
        """Whether the passage is still what the document says at that span and page."""
        if not 0 <= self.char_start < self.char_end <= len(document.text):
            return False
        return self == Evidence.at(document, self.char_start, self.char_end)


@dataclass(frozen=True, slots=True)
class ExtractedValue:
    """A field's value with its proof, or with the doubt that keeps it from being proven.

    `wire_value` and `wire_unit` are the claim's own strings; `value` is typed, and set only where
    the status is VERIFIED or CONFLICT. `raw_text` is the stretch of the document the value was read
    from, where there is one. `confidence` is 0..1 and follows from the outcome of the checks alone.
    """

    field: str
    status: Status
    value: Value | None
    wire_value: str
    wire_unit: str
    raw_text: str
    evidence: tuple[Evidence, ...]
    doubt: Doubt | None
    confidence: Decimal

    @property
    def reason(self) -> str:
        """The doubt's code, or "" where there is none."""
        return self.doubt.code.value if self.doubt else ""

    @property
    def reason_sentence(self) -> str:
        """The doubt in words, or "" where there is none."""
        return self.doubt.sentence if self.doubt else ""
