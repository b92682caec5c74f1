"""What an analysis asks: the questions of its uses about each part of the document."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts_service.evidence import DocumentText
from contracts_service.operations.model import GroupResult, key_of
from contracts_service.prompts.answer_form import SCHEMA
from contracts_service.prompts.reading import RULES
from contracts_service.prompts.uses import QUESTIONS, Question, questions_of
from contracts_service.sections import Part, cut, most_tokens

#: What a request has besides the document and the question: the title, the note on parts, the AI gateway's
#: notice, roles and markers. In tokens.
_AROUND = 1_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about one part."""

    question: Question
    part: Part

    @property
    def key(self) -> str:
        """Under which its answer is kept."""
        return key_of(self.question.name, self.part.span)


def parts_of(document: DocumentText, request_tokens: int) -> tuple[Part, ...]:
    """The document cut so that no request about a part has more than `request_tokens` of input.

    The same for whatever is asked, so that answers stay good when other uses are asked for.
    """
    return cut(document.text, document.pages, max(1, request_tokens - overhead()))


def overhead() -> int:
    """The most input tokens that any request has besides the document itself."""
    longest = max(most_tokens(question.words()) for question in QUESTIONS.values())
    return most_tokens(RULES) + most_tokens(SCHEMA) + longest + _AROUND


def plan(parts: Sequence[Part], uses: Iterable[str], answered: Iterable[GroupResult]) -> list[list[Ask]]:
    """What is still to be asked, by part."""
    kept, questions = {result.group for result in answered}, questions_of(uses)
    asks = [[Ask(question, part) for question in questions] for part in parts]
    return [[one for one in of_part if one.key not in kept] for of_part in asks]
