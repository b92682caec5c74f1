"""A Messages API request, read and validated as the real API does."""

from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from claude_simulator import prompt
from claude_simulator.models import Model, find_model
from claude_simulator.problems import invalid
from claude_simulator.prompt import Block, content_blocks
from claude_simulator.prompt_cache import PromptBlock
from claude_simulator.schema import Schema, check_schema

CURRENT_VERSION = "2026-10-21"
_SAMPLING = ("temperature", "top_p", "top_k")
_T = TypeVar("_T")
# The content blocks of a request that the API knows.
_BLOCKS = frozenset(
    {
        "bash_code_execution_tool_result", "code_execution_tool_result", "container_upload", "document",
        "image", "mcp_tool_result", "mcp_tool_use", "redacted_thinking", "search_result", "server_tool_use",
        "text", "text_editor_code_execution_tool_result", "thinking", "tool_result", "tool_use",
        "web_fetch_tool_result", "web_search_tool_result",
    }
)  # fmt: skip


@dataclass(frozen=True)
class MessagesRequest:
    """What was asked, with the prompt flattened into the blocks the prompt cache counts."""

    model: Model
    max_tokens: int
    stream: bool
    schema: Schema | None
    stop_sequences: tuple[str, ...]
    blocks: tuple[PromptBlock, ...] = field(repr=False)
    documents: tuple[str, ...] = field(repr=False)
    question: str = field(repr=False)
    text: str = field(repr=False)  # system and messages in one string

    @property
    def input_tokens(self) -> int:
        """The whole prompt in tokens."""
        return sum(block.tokens for block in self.blocks)


def read_request(body: Block, version: str, today: date, *, counting: bool = False) -> MessagesRequest:
    """Validate a body for an API version and day; `counting` for count_tokens, which takes no max_tokens.

    Raises RefusalError 400 or 404 with the real API's error types.
    """
    model = find_model(_required(body, "model", str), today)
    messages = _messages(body)
    _check_sampling(body, version, model)
    _check_content(messages, version)
    _check_tool_choice(body, model)
    asked = MessagesRequest(
        model=model,
        max_tokens=0 if counting else _max_tokens(body, model),
        stream=_optional(body, "stream", bool, default=False),
        schema=_schema(body),
        stop_sequences=_stop_sequences(body),
        blocks=prompt.prompt_blocks(body, messages),
        documents=prompt.documents(messages),
        question=prompt.question(messages),
        text=prompt.all_text(body, messages),
    )
    if asked.input_tokens > model.window:
        raise invalid(f"prompt is too long: {asked.input_tokens} tokens > {model.window} maximum")
    return asked


def _required(body: Block, name: str, kind: type[_T]) -> _T:
    if name not in body:
        raise invalid(f"{name}: Field required")
    return _typed(name, body[name], kind)


def _optional(body: Block, name: str, kind: type[_T], *, default: _T) -> _T:
    return default if body.get(name) is None else _typed(name, body[name], kind)


def _typed(name: str, value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(f"{name}: Input should be a valid {kind.__name__}")
    return value


def _messages(body: Block) -> list[Block]:
    messages: list[object] = _required(body, "messages", list)
    if not messages:
        raise invalid("messages: at least one message is required")
    return [_message(index, message) for index, message in enumerate(messages)]


def _message(index: int, message: object) -> Block:
    if not isinstance(message, dict):
        raise invalid(f"messages.{index}: Input should be a valid dictionary")
    if message.get("role") not in ("user", "assistant"):
        raise invalid(f"messages.{index}.role: Input should be 'user' or 'assistant'")
    blocks = content_blocks(message.get("content"))
    if not blocks:
        raise invalid(f"messages.{index}: all messages must have non-empty content")
    if any(not isinstance(block.get("type"), str) for block in blocks):
        raise invalid(f"messages.{index}.content: every block needs a type")
    return message


def _check_sampling(body: Block, version: str, model: Model) -> None:
    for name in _SAMPLING:
        if body.get(name) is not None and (version >= CURRENT_VERSION or not model.takes_sampling):
            raise invalid(f"{name}: Extra inputs are not permitted")


def _check_content(messages: list[Block], version: str) -> None:
    if messages[0]["role"] != "user":
        raise invalid("messages: first message must use the user role")
    if version < CURRENT_VERSION:
        return
    for index, message in enumerate(messages):
        for place, block in enumerate(content_blocks(message["content"])):
            if block["type"] not in _BLOCKS:
                raise invalid(
                    f"messages.{index}.content.{place}: Input tag '{block['type']}' found using 'type' does "
                    "not match any of the expected tags"
                )
            if message["role"] == "assistant" and block["type"] == "document":
                raise invalid(
                    f"messages.{index}.content: document blocks are not permitted in assistant turns"
                )
            if message["role"] == "user" and block["type"] == "text" and block.get("citations") is not None:
                raise invalid(f"messages.{index}.content: citations are not permitted on user text blocks")


def _check_tool_choice(body: Block, model: Model) -> None:
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in ("any", "tool") and not model.takes_forced_tools:
        raise invalid(f"tool_choice: forced tool use is not supported by {model.id}")


def _max_tokens(body: Block, model: Model) -> int:
    asked = _required(body, "max_tokens", int)
    if asked < 0:
        raise invalid("max_tokens: Input should be greater than or equal to 0")
    if asked > model.max_output:
        raise invalid(
            f"max_tokens: {asked} > {model.max_output}, which is the maximum allowed number of output "
            f"tokens for {model.id}"
        )
    return asked


def _schema(body: Block) -> Schema | None:
    config: Block = _optional(body, "output_config", dict, default={})
    answer_format: Block = _optional(config, "format", dict, default={})
    if not answer_format:
        return None
    if answer_format.get("type") != "json_schema":
        raise invalid("output_config.format.type: Input should be 'json_schema'")
    schema: Block = _required(answer_format, "schema", dict)
    check_schema(schema)
    return schema


def _stop_sequences(body: Block) -> tuple[str, ...]:
    sequences: list[object] = _optional(body, "stop_sequences", list, default=[])
    if any(not isinstance(sequence, str) or not sequence.strip() for sequence in sequences):
        raise invalid("stop_sequences: each stop sequence must contain non-whitespace")
    return tuple(str(sequence) for sequence in sequences)
