"""From a prompt's protobuf to a request of the Messages API."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from google.protobuf import struct_pb2

from ai_gateway.claude.models import Model, ModelUnavailableError, find_model
from ai_gateway.generation.errors import model_unavailable
from ai_gateway.generation.question import Caching, Question
from ai_gateway.generation.schema import read_schema
from ai_gateway.limits.refused import Priority
from ai_gateway.privacy.placeholders import NOTICE
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.errors import invalid

# The API takes four; those that a caller set in raw blocks count, too.
_MOST_BREAKPOINTS = 4
_SHORT = {"type": "ephemeral"}
_LONG = {"type": "ephemeral", "ttl": "1h"}
_ROLES = {ai_pb2.Message.ROLE_USER: "user", ai_pb2.Message.ROLE_ASSISTANT: "assistant"}
_CACHING = {
    ai_service_pb2.CACHE_POLICY_UNSPECIFIED: Caching.USE,
    ai_service_pb2.CACHE_POLICY_BYPASS: Caching.BYPASS,
    ai_service_pb2.CACHE_POLICY_REFRESH: Caching.REFRESH,
}
Block = dict[str, object]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a prompt that says no other gets. `aliases` maps `fast`, `standard` and `deep` to models."""

    aliases: Mapping[str, str]
    max_tokens: int
    temperature: float
    api_version: str
    bedrock: bool = False


def read_prompt(prompt: ai_service_pb2.Prompt, defaults: Defaults) -> Question:
    """Raises DomainError for an unknown model, a schema that Claude does not take, and misplaced blocks."""
    model = _model(prompt.model, defaults)
    schema = read_schema(prompt.output_schema) if prompt.output_schema else None
    messages = [_message(message, index) for index, message in enumerate(prompt.messages)]
    if messages[0]["role"] != "user":
        raise invalid("prompt.messages[0].role", "the first turn is the user's")
    # The notice comes with every prompt, so that what follows it begins with the same bytes always.
    system: list[Block] = [{"type": "text", "text": text} for text in (NOTICE, *prompt.system)]
    _mark_stable_prefix(system, messages)
    body: dict[str, object] = {
        "model": model.name, "max_tokens": _max_tokens(prompt, model, defaults), "messages": messages,
        "system": system,
    }  # fmt: skip
    if schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema.schema}}
    if model.takes_temperature(defaults.api_version):
        body["temperature"] = defaults.temperature
    caching, marked = _CACHING[prompt.cache_policy], tuple(prompt.withhold)
    priority = Priority.BULK if prompt.priority == ai_pb2.PRIORITY_BULK else Priority.INTERACTIVE
    return Question(prompt.task, model, caching, body, schema, priority, prompt.ByteSize(), marked)


def to_wire(body: Mapping[str, object], *, stream: bool) -> bytes:
    """The bytes that leave."""
    whole = {**body, "stream": True} if stream else body
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _model(name: str, defaults: Defaults) -> Model:
    try:
        return find_model(defaults.aliases.get(name or "standard", name), bedrock=defaults.bedrock)
    except ModelUnavailableError as unavailable:
        raise model_unavailable(unavailable) from None


def _max_tokens(prompt: ai_service_pb2.Prompt, model: Model, defaults: Defaults) -> int:
    if prompt.max_tokens > model.max_output:
        raise invalid("prompt.max_tokens", f"{model.name} answers with {model.max_output} tokens at most")
    return prompt.max_tokens or min(defaults.max_tokens, model.max_output)


def _message(message: ai_pb2.Message, index: int) -> Block:
    path = f"prompt.messages[{index}]"
    blocks = [_block(block, f"{path}.content[{place}]") for place, block in enumerate(message.content)]
    if message.role == ai_pb2.Message.ROLE_ASSISTANT and any(_is_document(block) for block in blocks):
        raise invalid(f"{path}.content", "a document belongs in a turn of the user")
    if index == 0 and not any(block.HasField("raw") for block in message.content):
        # What many questions share goes first, so that they share its cache entry.
        blocks.sort(key=lambda block: not _is_document(block))
    return {"role": _ROLES[message.role], "content": blocks}


def _block(block: ai_pb2.ContentBlock, path: str) -> Block:
    match block.WhichOneof("block"):
        case "text":
            return {"type": "text", "text": block.text.text}
        case "document":
            return _document(block.document)
        case _:
            return _raw(block.raw, path)


def _document(document: ai_pb2.DocumentBlock) -> Block:
    """As a source of plain text: data beside the conversation, not a part of it."""
    source = {"type": "text", "media_type": "text/plain", "data": document.text}
    block: Block = {"type": "document", "source": source}
    if document.title:
        block["title"] = document.title
    return block


def _raw(raw: struct_pb2.Struct, path: str) -> Block:
    block = _object(raw, f"{path}.raw")
    if not isinstance(block.get("type"), str):
        raise invalid(f"{path}.raw.type", "every content block has a type")
    return block


def _object(struct: struct_pb2.Struct, path: str) -> Block:
    """In the order of its names: a Struct has none, and equal prompts must be equal bytes to be cached."""
    return {name: _plain(struct.fields[name], f"{path}.{name}") for name in sorted(struct.fields)}


def _plain(value: struct_pb2.Value, path: str) -> object:
    """The JSON value; whole numbers become integers again, which a Struct cannot hold."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return _object(value.struct_value, path)
        case "list_value":
            return [_plain(part, path) for part in value.list_value.values]
        case "number_value":
            number = value.number_value
            if not math.isfinite(number):
                raise invalid(path, "a number must be finite")
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _mark_stable_prefix(system: Sequence[Block], messages: Sequence[Block]) -> None:
    """Breakpoints after the document of the first turn and after the system blocks, as far as four allow."""
    first = messages[0]["content"]
    blocks = [block for block in first if isinstance(block, dict)] if isinstance(first, list) else []
    given = [mark for message in messages for mark in _breakpoints(message["content"])]
    taken = len(given)
    # What is kept for longer must come before what is kept for less.
    ours = _LONG if any(isinstance(mark, Mapping) and mark.get("ttl") == "1h" for mark in given) else _SHORT
    for row, fits in ((blocks, _is_document), (system, bool)):
        last = _last(row, fits)
        if last is not None and "cache_control" not in last and taken < _MOST_BREAKPOINTS:
            last["cache_control"] = dict(ours)
            taken += 1


def _last(blocks: Sequence[Block], fits: Callable[[Block], bool]) -> Block | None:
    return next((block for block in reversed(blocks) if fits(block)), None)


def _is_document(block: Block) -> bool:
    return block["type"] == "document"


def _breakpoints(value: object) -> list[object]:
    if isinstance(value, Mapping):
        inside = [mark for part in value.values() for mark in _breakpoints(part)]
        return [value["cache_control"], *inside] if "cache_control" in value else inside
    return [mark for part in value for mark in _breakpoints(part)] if isinstance(value, list) else []
