"""Asks a person's question about one document: version, question and answer schema."""

import json

from bloom.ai.v1 import ai_pb2, ai_service_pb2
from contracts_service.prompts.reading import RULES

VERSION = "question/1"
_MAX_TOKENS = 2000
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sentences"],
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "quotes"],
                "properties": {
                    "text": {"type": "string", "description": "One sentence of the answer."},
                    "quotes": {
                        "type": "array",
                        "description": "Verbatim passages of the document that bear the sentence out.",
                        "items": {"type": "string"},
                    },
                },
            },
        }
    },
}


def prompt(question: str, title: str, text: str) -> ai_service_pb2.Prompt:
    """The document first, so that all questions about it share one cached prefix."""
    document = ai_pb2.DocumentBlock(title=title[:500], text=text)
    asked = f"""\
Answer the question below from the document above, in one to five short sentences. Each sentence states one thing \
and carries the quotes that prove it: every number, date, amount and name in it must stand in its quotes. When the \
document does not say, answer with one sentence that says so, without quotes.

Question: {question}"""
    content = [ai_pb2.ContentBlock(document=document), ai_pb2.ContentBlock(text=ai_pb2.TextBlock(text=asked))]
    return ai_service_pb2.Prompt(
        task="contracts.answer_question",
        model="standard",
        system=[RULES],
        messages=[ai_pb2.Message(role=ai_pb2.Message.ROLE_USER, content=content)],
        output_schema=json.dumps(_SCHEMA, sort_keys=True),
        max_tokens=_MAX_TOKENS,
    )
