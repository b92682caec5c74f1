"""An answer of the Messages API, whole or gathered from its events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from ai_gateway.claude.blocks import Blocks
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.money.tokens import Tokens

SIMULATOR_HEADER = "x-claude-simulator"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer. `parts` are its text as it came; `stop_reason` is the API's own word.

    `content` are its blocks as JSON, where they are more than this text.
    """

    parts: tuple[str, ...]
    stop_reason: str
    tokens: Tokens
    model: str
    request_id: str
    simulated: bool
    content: str = ""

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.parts)


@dataclass(slots=True)
class Gathering:
    """What is known of an answer so far; `tokens` are billed even when the rest never comes."""

    request_id: str = ""
    simulated: bool = False
    tokens: Tokens | None = None
    _model: str = ""
    _stop_reason: str = ""
    _parts: list[str] = field(default_factory=list)
    _blocks: Blocks = field(default_factory=Blocks)
    complete: bool = False

    def take_message(self, body: bytes) -> None:
        """The body of a plain answer. Raises ClaudeError MALFORMED."""
        try:
            message = json.loads(body)
            self._begin(message)
            self._blocks.take(message["content"])
            self._parts = [block["text"] for block in message["content"] if block["type"] == "text"]
            self._stop_reason = str(message["stop_reason"])
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            raise ClaudeError(FaultKind.MALFORMED) from broken
        self.complete = True

    def take_event(self, data: str) -> str:
        """One event of a stream; the text that it adds, which may be none. Raises ClaudeError MALFORMED."""
        try:
            return self._event(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            raise ClaudeError(FaultKind.MALFORMED) from broken

    def reply(self) -> Reply:
        """The answer. Raises ClaudeError CUT when its end has not come, MALFORMED when it makes no sense."""
        if not self.complete or self.tokens is None or not self._stop_reason:
            raise ClaudeError(FaultKind.CUT)
        try:
            content = self._blocks.as_json(self._parts)
        except ValueError as broken:
            raise ClaudeError(FaultKind.MALFORMED) from broken
        return Reply(
            tuple(self._parts), self._stop_reason, self.tokens, self._model, self.request_id, self.simulated,
            content,
        )  # fmt: skip

    def _event(self, event: Mapping[str, object]) -> str:
        match event["type"]:
            case "message_start":
                self._begin(_mapping(event["message"]))
            case "content_block_start":
                block = _mapping(event["content_block"])
                self._blocks.begin(block, len(self._parts))
                return self._add(block, "text")
            case "content_block_delta":
                delta = _mapping(event["delta"])
                text = self._add(delta, "text_delta")
                if not text:
                    self._blocks.add(event["index"], delta)
                return text
            case "message_delta":
                self._stop_reason = str(_mapping(event["delta"])["stop_reason"])
                self.tokens = tokens_told(_mapping(event["usage"]), self.tokens or Tokens())
            case "message_stop":
                self.complete = True
        return ""  # events of kinds that have no text, or that are newer than this code

    def _begin(self, message: Mapping[str, object]) -> None:
        self._model = str(message["model"])
        self.tokens = tokens_told(_mapping(message["usage"]), Tokens())

    def _add(self, block: Mapping[str, object], kind: str) -> str:
        text = str(block["text"]) if block["type"] == kind else ""
        if text:
            self._parts.append(text)
        return text


def tokens_told(usage: Mapping[str, object], before: Tokens) -> Tokens:
    """What a `usage` object says, on top of what an earlier one of the answer said; totals are cumulative."""
    split = usage.get("cache_creation")
    short, long = before.cache_write_5m, before.cache_write_1h
    if isinstance(split, Mapping):
        short = _number(split, "ephemeral_5m_input_tokens", 0)
        long = _number(split, "ephemeral_1h_input_tokens", 0)
    written = _number(usage, "cache_creation_input_tokens", short + long)
    return Tokens(
        input=_number(usage, "input_tokens", before.input),
        output=_number(usage, "output_tokens", before.output),
        cache_read=_number(usage, "cache_read_input_tokens", before.cache_read),
        # What is not told apart was written for five minutes, the only kind that we ask for.
        cache_write_5m=max(written - long, 0),
        cache_write_1h=long,
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("an object was expected")
    return value


def _number(usage: Mapping[str, object], name: str, before: int) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and value >= 0 else before
