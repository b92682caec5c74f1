"""The answers that the parts of a document gave to the same question, as one."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from contracts_service.entries import ListAnswer, parse_list_answer
from contracts_service.fields import (
    GROUPS,
    AnswerState,
    FieldAnswer,
    Finding,
    GroupAnswer,
    parse_group_answer,
)
from contracts_service.operations.model import GroupResult
from contracts_service.prompts.uses import QUESTIONS, Question


def by_question(results: Iterable[GroupResult]) -> dict[str, list[GroupResult]]:
    """In the order in which questions are asked; of each, in the order of the document."""
    found: dict[str, list[GroupResult]] = {}
    for result in results:
        found.setdefault(result.question, []).append(result)
    return {name: sorted(found[name], key=lambda result: result.place) for name in QUESTIONS if name in found}


def group_answers(results: Sequence[GroupResult]) -> list[GroupAnswer]:
    """What the parts said about one field group."""
    return [parse_group_answer(result.question, result.answer) for result in results]


def list_answers(question: Question, results: Sequence[GroupResult]) -> list[ListAnswer]:
    """What the parts said about one list."""
    if question.spec is None:
        raise ValueError(f"{question.name} is no list")
    return [parse_list_answer(question.spec, result.answer) for result in results]


def merged(group: str, answers: Sequence[GroupAnswer]) -> Mapping[str, tuple[FieldAnswer, ...]]:
    """Each field's answers in the catalogue's order: one, or two where parts say it and others black it out.

    Absent in every part is absent. What several parts found are findings of one answer.
    """
    return {spec.name: _merged([answer.fields[spec.name] for answer in answers]) for spec in GROUPS[group]}


def _merged(answers: Sequence[FieldAnswer]) -> tuple[FieldAnswer, ...]:
    states = (AnswerState.FOUND, AnswerState.REDACTED)
    said = [
        FieldAnswer(state, findings)
        for state in states
        if (findings := _findings(one for one in answers if one.state is state))
    ]
    # A state without findings contradicts itself, which the verifier tells; beside findings it says nothing.
    odd = [one for one in answers if one.state is not AnswerState.ABSENT]
    return tuple(said) or tuple(odd[:1]) or (FieldAnswer(AnswerState.ABSENT),)


def _findings(answers: Iterable[FieldAnswer]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(answer.findings for answer in answers)))
