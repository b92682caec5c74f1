"""From a prompt's protobuf to a request of the Messages API."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ai_gateway.claude.models import Model, ModelUnavailableError, find_model
from ai_gateway.generation.blocks import Block, is_document, turns
from ai_gateway.generation.errors import model_unavailable
from ai_gateway.generation.passing import passed_through
from ai_gateway.generation.question import Caching, Question
from ai_gateway.generation.schema import read_schema
from ai_gateway.limits.refused import Priority
from ai_gateway.privacy.placeholders import NOTICE
from ai_gateway.privacy.seal import seal_of
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.errors import invalid

# The API takes four; those that a caller set in raw blocks count, too.
_MOST_BREAKPOINTS = 4
_SHORT = {"type": "ephemeral"}
_LONG = {"type": "ephemeral", "ttl": "1h"}
_CACHING = {
    ai_service_pb2.CACHE_POLICY_UNSPECIFIED: Caching.USE,
    ai_service_pb2.CACHE_POLICY_BYPASS: Caching.BYPASS,
    ai_service_pb2.CACHE_POLICY_REFRESH: Caching.REFRESH,
}


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
    takes_temperature = model.takes_temperature(defaults.api_version)
    schema = read_schema(prompt.output_schema) if prompt.output_schema else None
    if schema is not None and prompt.citations:
        raise invalid("prompt.citations", "an answer with a schema has none")
    messages = turns(prompt.messages, citations=prompt.citations)
    # The notice comes with every prompt, so that what follows it begins with the same bytes always.
    system: list[Block] = [{"type": "text", "text": text} for text in (NOTICE, *prompt.system)]
    fields = passed_through(prompt, takes_temperature=takes_temperature)
    _mark_stable_prefix(system, messages, _breakpoints(fields))
    body: dict[str, object] = {
        "model": model.name, "max_tokens": _max_tokens(prompt, model, defaults), "messages": messages,
        "system": system,
    }  # fmt: skip
    if takes_temperature:
        body["temperature"] = defaults.temperature
    body |= fields
    if schema is not None:
        config = fields.get("output_config")
        given = config if isinstance(config, Mapping) else {}
        body["output_config"] = {**given, "format": {"type": "json_schema", "schema": schema.schema}}
    caching, marked = _CACHING[prompt.cache_policy], tuple(prompt.withhold)
    priority = Priority.BULK if prompt.priority == ai_pb2.PRIORITY_BULK else Priority.INTERACTIVE
    return Question(
        prompt.task, model, caching, body, schema, priority, prompt.ByteSize(), marked,
        betas=tuple(sorted(prompt.betas)), seal=seal_of(prompt.system),
    )  # fmt: skip


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


def _mark_stable_prefix(
    system: Sequence[Block], messages: Sequence[Block], elsewhere: Sequence[object]
) -> None:
    """Breakpoints after the document of the first turn and after the system blocks, as far as four allow.

    `elsewhere`: those that are given neither in a message nor here.
    """
    first = messages[0]["content"]
    blocks = [block for block in first if isinstance(block, dict)] if isinstance(first, list) else []
    given = [*elsewhere, *(mark for message in messages for mark in _breakpoints(message["content"]))]
    taken = len(given)
    # What is kept for longer must come before what is kept for less.
    ours = _LONG if any(isinstance(mark, Mapping) and mark.get("ttl") == "1h" for mark in given) else _SHORT
    for row, fits in ((blocks, is_document), (system, bool)):
        last = _last(row, fits)
        if last is not None and "cache_control" not in last and taken < _MOST_BREAKPOINTS:
            last["cache_control"] = dict(ours)
            taken += 1


def _last(blocks: Sequence[Block], fits: Callable[[Block], bool]) -> Block | None:
    return next((block for block in reversed(blocks) if fits(block)), None)


def _breakpoints(value: object) -> list[object]:
    if isinstance(value, Mapping):
        inside = [mark for part in value.values() for mark in _breakpoints(part)]
        return [value["cache_control"], *inside] if "cache_control" in value else inside
    return [mark for part in value for mark in _breakpoints(part)] if isinstance(value, list) else []
