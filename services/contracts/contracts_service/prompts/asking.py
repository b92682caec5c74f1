"""A question about a document, or a part of one: rules, schema and text first, for the cache, then what is asked."""

from bloom.ai.v1 import ai_pb2, ai_service_pb2
from contracts_service.prompts.answer_form import SCHEMA
from contracts_service.prompts.reading import RULES
from contracts_service.sections import Part

_MODEL = "standard"
_LONGEST_TITLE = 500
# What the question adds where the document is cut.
_OF_A_PART = """

The document above is part {number} of {count} of a longer one; other readers have the other parts. Answer from this \
part alone: what it does not say is absent here, even if you expect it elsewhere."""


def asking(
    task: str, question: str, title: str, text: str, part: Part, max_tokens: int
) -> ai_service_pb2.Prompt:
    """All questions about one part share everything before the question, and so its cached prefix."""
    document = ai_pb2.DocumentBlock(title=_titled(title, part), text=text[part.start : part.end])
    told = "" if part.whole else _OF_A_PART.format(number=part.number, count=part.count)
    content = [
        ai_pb2.ContentBlock(document=document),
        ai_pb2.ContentBlock(text=ai_pb2.TextBlock(text=question + told)),
    ]
    return ai_service_pb2.Prompt(
        task=task,
        model=_MODEL,
        system=[RULES],
        messages=[ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=content)],
        output_schema=SCHEMA,
        max_tokens=max_tokens,
    )


def _titled(title: str, part: Part) -> str:
    suffix = "" if part.whole else f" (part {part.number} of {part.count})"
    return title[: _LONGEST_TITLE - len(suffix)] + suffix
