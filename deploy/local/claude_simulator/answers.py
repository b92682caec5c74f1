"""What the simulator says: scripted, extracted by rules, looked up for a question, or the least that fits."""

import json
from collections.abc import Mapping

from claude_simulator import ask, blocks, rules, tokens
from claude_simulator.faults import Fault, FaultKind
from claude_simulator.field_groups import INSTRUCTIONS, asked_fields, to_wire
from claude_simulator.request import MessagesRequest
from claude_simulator.rules import lists
from claude_simulator.schema import Schema, conforms, properties_of, smallest
from claude_simulator.script import ScriptedAnswer
from claude_simulator.wire import Answer

OFF_SCHEMA_TEXT = '{"unexpected": "this answer does not conform to the schema"}'
NO_SCHEMA_TEXT = (
    "This answer comes from the Claude simulator, which stands in for Claude on a developer's machine. "
    "It knows no language: it follows fixed rules over the text it was sent."
)


def compose(
    asked: MessagesRequest, scripted: ScriptedAnswer | None = None, fault: Fault | None = None
) -> Answer:
    """The answer's text and why it stops, within `max_tokens` and the stop sequences."""
    if fault is not None and fault.kind is FaultKind.REFUSAL:
        return Answer("", "refusal")
    if scripted is not None and scripted.content:
        said = scripted.content
        return Answer(blocks.text_of(said), blocks.stop_reason(said), content=said)
    text = (
        OFF_SCHEMA_TEXT
        if fault is not None and fault.kind is FaultKind.OFF_SCHEMA
        else _text(asked, scripted)
    )
    if fault is not None and fault.kind is FaultKind.MAX_TOKENS:
        return Answer(text[: max(len(text) // 2, 1)], "max_tokens")
    return _bounded(text, asked)


def _bounded(text: str, asked: MessagesRequest) -> Answer:
    stops = [(at, word) for word in asked.stop_sequences if (at := text.find(word)) >= 0]
    if stops:
        at, word = min(stops)
        text, stopped = text[:at], word
        if tokens.count_text(text) <= asked.max_tokens:
            return Answer(text, "stop_sequence", stopped)
    if tokens.count_text(text) > asked.max_tokens:
        return Answer(text[: tokens.characters_in(asked.max_tokens)], "max_tokens")
    return Answer(text, "end_turn")


def _text(asked: MessagesRequest, scripted: ScriptedAnswer | None) -> str:
    if scripted is not None and scripted.text is not None:
        return scripted.text
    if scripted is not None and scripted.json:
        return _dumps(scripted.json[0])
    if asked.schema is None:
        return NO_SCHEMA_TEXT
    if scripted is not None and scripted.fields is not None:
        return _dumps(_overlaid(asked, asked.schema, scripted))
    return _dumps(_by_rules(asked, asked.schema))


def _overlaid(asked: MessagesRequest, schema: Schema, scripted: ScriptedAnswer) -> Mapping[str, object]:
    if wanted := lists.asked_list(asked.question):
        # Who scripts fields says nothing of lists: nothing is there.
        return lists.listed(wanted, ())
    names = asked_fields(asked)
    if not names:
        return smallest_object(schema)
    silent = {**{name: dict(rules.ABSENT) for name in names}, INSTRUCTIONS: []}
    base = rules.extract(names, asked.documents) if scripted.over_truth else silent
    said = {name: value for name, value in (scripted.fields or {}).items() if name in base}
    return _whole(to_wire({**base, **said}), schema)


def _by_rules(asked: MessagesRequest, schema: Schema) -> Mapping[str, object]:
    candidate: dict[str, object] | None = None
    if wanted := lists.asked_list(asked.question):
        candidate = lists.listed(wanted, asked.documents)
    elif names := asked_fields(asked):
        candidate = _whole(to_wire(rules.extract(names, asked.documents)), schema)
    elif "sentences" in properties_of(schema, schema):
        sentences = ask.answer(asked.question, asked.documents)
        candidate = {"sentences": [{"text": said.text, "quotes": list(said.quotes)} for said in sentences]}
    return candidate if candidate and conforms(candidate, schema, schema) else smallest_object(schema)


def _whole(answer: Mapping[str, object], schema: Schema) -> dict[str, object]:
    """With the lists that the form has besides, empty: one form serves questions for fields and for lists."""
    empty: dict[str, object] = {
        name: [] for name, part in properties_of(schema, schema).items() if part.get("type") == "array"
    }
    return {**empty, **answer}


def smallest_object(schema: Schema) -> Mapping[str, object]:
    """The least that satisfies the schema."""
    least = smallest(schema, schema)
    return least if isinstance(least, dict) else {}


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
