"""The uses of Claude that concern one document: which questions each asks, with their versions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bloom.ai.v1 import ai_service_pb2
from contracts_service.entries import ListSpec, parse_list_answer
from contracts_service.fields import GROUPS, parse_group_answer
from contracts_service.prompts import (
    clauses,
    compliance,
    document_type,
    extraction,
    guarantees,
    listing,
    milestones,
    obligations,
    parties,
    prices,
    risks,
    sites,
    termination,
)
from contracts_service.sections import Part


class Use(StrEnum):
    """As the schema's AnalysisUse, in lower case."""

    FIELDS = "fields"
    DOCUMENT_TYPE = "document_type"
    PARTIES = "parties"
    SITES = "sites"
    MILESTONES = "milestones"
    PRICES = "prices"
    GUARANTEES = "guarantees"
    OBLIGATIONS = "obligations"
    TERMINATION = "termination"
    RISKS = "risks"
    COMPLIANCE = "compliance"
    CLAUSES = "clauses"


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a document. `spec` is None for a field group, whose name is the question's."""

    use: Use
    name: str
    version: str
    spec: ListSpec | None = None

    def words(self) -> str:
        """What follows the document."""
        return extraction.question(self.name) if self.spec is None else listing.question(self.spec)

    def prompt(self, title: str, text: str, part: Part) -> ai_service_pb2.Prompt:
        """As the AI gateway takes it."""
        if self.spec is None:
            return extraction.prompt(self.name, title, text, part)
        return listing.prompt(self.spec, title, text, part)

    def check(self, answer: str) -> None:
        """Raises AnswerOutsideSchemaError for an answer that is none to this question."""
        if self.spec is None:
            parse_group_answer(self.name, answer)
        else:
            parse_list_answer(self.spec, answer)


def _lists() -> Iterable[Question]:
    single = (
        (Use.DOCUMENT_TYPE, document_type.SPEC, document_type.VERSION),
        (Use.PARTIES, parties.SPEC, parties.VERSION),
        (Use.SITES, sites.SPEC, sites.VERSION),
        (Use.MILESTONES, milestones.SPEC, milestones.VERSION),
        (Use.PRICES, prices.SPEC, prices.VERSION),
        (Use.GUARANTEES, guarantees.SPEC, guarantees.VERSION),
        (Use.OBLIGATIONS, obligations.SPEC, obligations.VERSION),
        (Use.TERMINATION, termination.SPEC, termination.VERSION),
        (Use.RISKS, risks.SPEC, risks.VERSION),
        (Use.COMPLIANCE, compliance.SPEC, compliance.VERSION),
    )
    yield from (Question(use, spec.name, version, spec) for use, spec, version in single)
    yield from (Question(Use.CLAUSES, spec.name, clauses.VERSION, spec) for spec in clauses.SPECS)


#: Every question by its name, in the order in which they are asked and shown.
QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        question.name: question
        for question in (
            *(Question(Use.FIELDS, group, extraction.VERSION) for group in GROUPS),
            *_lists(),
        )
    }
)


def questions_of(uses: Iterable[str]) -> tuple[Question, ...]:
    """The questions of these uses."""
    wanted = set(uses)
    return tuple(question for question in QUESTIONS.values() if question.use in wanted)
