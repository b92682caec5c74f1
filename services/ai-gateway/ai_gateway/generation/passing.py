"""Fields of the Messages API that have no name in a prompt: which ones pass, and which must not."""

from collections.abc import Mapping

from ai_gateway.generation.structs import to_json
from bloom.ai.v1 import ai_service_pb2
from service_runtime.errors import invalid

_PATH = "prompt.raw"
_NAMED = {
    "max_tokens": "give prompt.max_tokens", "messages": "give prompt.messages", "model": "give prompt.model",
    "stream": "call StreamGenerate", "system": "give prompt.system", "betas": "give prompt.betas",
    "anthropic_beta": "give prompt.betas", "anthropic_version": "it is the gateway's to say",
}  # fmt: skip
_NO_PRICE = "its price is not on the sheet"
_PRICED = frozenset({"inference_geo", "service_tier", "speed"})
# Contracts go to Claude and nowhere else.
_ELSEWHERE = "would let Claude reach other places"
_REACHING = frozenset({"container", "mcp_servers"})


def passed_through(prompt: ai_service_pb2.Prompt, *, takes_temperature: bool) -> dict[str, object]:
    """As they leave. Raises DomainError with the path of what does not pass."""
    fields = to_json(prompt.raw, _PATH)
    for name in fields:
        if problem := _problem(name, takes_temperature=takes_temperature):
            raise invalid(f"{_PATH}.{name}", problem)
    config = fields.get("output_config")
    if isinstance(config, Mapping) and "format" in config:
        raise invalid(f"{_PATH}.output_config.format", "give prompt.output_schema")
    if "tools" in fields:
        _check_tools(fields["tools"])
    return fields


def _problem(name: str, *, takes_temperature: bool) -> str:
    if name in _NAMED:
        return _NAMED[name]
    if name in _PRICED:
        return _NO_PRICE
    if name in _REACHING:
        return _ELSEWHERE
    if name in ("temperature", "top_p", "top_k") and not takes_temperature:
        return "the model does not take it"
    return ""


def _check_tools(tools: object) -> None:
    """Only those that the caller itself runs: the others search the web or run programs at Claude's side."""
    if not isinstance(tools, list):
        raise invalid(f"{_PATH}.tools", "must be a list")
    for index, tool in enumerate(tools):
        if not isinstance(tool, Mapping):
            raise invalid(f"{_PATH}.tools[{index}]", "must be an object")
        if tool.get("type", "custom") != "custom":
            raise invalid(f"{_PATH}.tools[{index}].type", _ELSEWHERE)
