"""Field groups: one schema for all of them, the fields that are asked for named in the question.

Such a schema is the same in every call about a document, so all groups share the cached prompt prefix.
"""

import re
from collections.abc import Mapping

from claude_simulator.request import MessagesRequest

INSTRUCTIONS = "instructions_to_reader"
_NAMED = re.compile(r"^- (\w+):", re.MULTILINE)


def asked_fields(asked: MessagesRequest) -> tuple[str, ...]:
    """The fields that the question lists as `- name: …` and the schema knows; none for other questions."""
    known = _at(asked.schema, "properties", "answers", "items", "properties", "field", "enum")
    if not isinstance(known, list):
        return ()
    return tuple(dict.fromkeys(name for name in _NAMED.findall(asked.question) if name in known))


def to_wire(answers: Mapping[str, object]) -> dict[str, object]:
    """Answers by field, with the instructions beside them, as the schema wants them."""
    fields = [
        {"field": name, **answer}
        for name, answer in answers.items()
        if name != INSTRUCTIONS and isinstance(answer, Mapping)
    ]
    return {"answers": fields, INSTRUCTIONS: answers.get(INSTRUCTIONS, [])}


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
