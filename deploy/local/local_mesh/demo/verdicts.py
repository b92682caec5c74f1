"""What held and what did not: the checks that decide the exit status of `run --once`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bloom.contracts.v1.contract_pb2 import (
    VALUE_STATUS_VERIFIED,
    ExtractedValue,
)
from bloom.contracts.v1.contract_service_pb2 import AnswerSentence, AnswerSummary
from bloom.contracts.v1.reading_service_pb2 import Entry, EntryAttribute
from local_mesh.traces import Span

_SERVICES = ("gateway", "contracts", "ai-gateway")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One step and, when it did not hold, why."""

    step: str
    reason: str = ""

    @property
    def held(self) -> bool:
        return not self.reason


@dataclass(slots=True)
class Verdicts:
    """All of one journey, in order."""

    listed: list[Verdict] = field(default_factory=list)

    def note(self, step: str, reason: str = "") -> None:
        """An empty reason means that the step held."""
        self.listed.append(Verdict(step, reason))

    @property
    def all_held(self) -> bool:
        return all(verdict.held for verdict in self.listed)


def unproven(values: Sequence[ExtractedValue]) -> str:
    """A VERIFIED value stands on evidence that quotes the document at a span."""
    bare = [
        f"{value.group}.{value.field}"
        for value in values
        if value.status == VALUE_STATUS_VERIFIED and not _has_evidence(value)
    ]
    return f"VERIFIED without evidence: {', '.join(bare)}" if bare else ""


def unproven_entries(entries: Sequence[Entry]) -> str:
    """So does a VERIFIED entry, and each attribute of it."""
    bare = [
        entry.kind for entry in entries if _stands_bare(entry) or any(map(_stands_bare, entry.attributes))
    ]
    return f"VERIFIED without a passage: {', '.join(bare)}" if bare else ""


def _stands_bare(proven: Entry | EntryAttribute) -> bool:
    return proven.status == VALUE_STATUS_VERIFIED and not _has_evidence(proven)


def _has_evidence(proven: ExtractedValue | Entry | EntryAttribute) -> bool:
    return any(
        proof.quote and proof.char_end > proof.char_start and proof.page > 0 for proof in proven.evidence
    )


def unanswered(sentences: Sequence[AnswerSentence], summary: AnswerSummary | None) -> str:
    """An answer has a proven sentence, or says that the contract does not say."""
    if summary is None:
        return "the answer broke off without its summary"
    if any(sentence.evidence for sentence in sentences) or summary.not_found:
        return ""
    return f"no sentence with evidence, and not «not found» ({summary.withheld_count} withheld)"


def is_claude_call(span: Span) -> bool:
    """A request to Claude, by the conventions for generative AI."""
    return span.kind == "client" and "gen_ai.operation.name" in span.attributes


def missing_from_trace(spans: Sequence[Span], *, claude_asked: bool) -> str:
    """The journey must be seen whole. Where every answer came from the cache, Claude has no part in it."""
    seen = {span.service for span in spans}
    missing = [name for name in _SERVICES if name not in seen]
    if claude_asked and not any(is_claude_call(span) for span in spans):
        missing.append("a request to Claude")
    return f"the trace has no span of {', '.join(missing)}" if missing else ""
