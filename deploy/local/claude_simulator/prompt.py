"""What a request says to the model: blocks for the prompt cache, documents, the question, the whole text."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

from claude_simulator import tokens
from claude_simulator.problems import invalid
from claude_simulator.prompt_cache import FIVE_MINUTES, ONE_HOUR, PromptBlock

Block = dict[str, object]

MAX_BREAKPOINTS = 4
_NEVER_MARKED = ("thinking", "redacted_thinking")
_LIFETIMES = {"5m": FIVE_MINUTES, "1h": ONE_HOUR}


def content_blocks(content: object) -> list[Block]:
    """A content list; a bare string is one text block."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def prompt_blocks(body: Block, messages: Sequence[Block]) -> tuple[PromptBlock, ...]:
    """Tools, answer schema, system and messages in the order the prompt cache sees them.

    The schema stands before the system prompt, as with the real API: another schema is another prefix.
    """
    blocks = list(_flattened(body, messages))
    if body.get("cache_control") is not None and blocks:
        blocks[-1] = _automatic(blocks[-1], _lifetime(body))
    _check_breakpoints([block.ttl for block in blocks if block.ttl is not None])
    return tuple(blocks)


def _automatic(last: PromptBlock, ttl: float | None) -> PromptBlock:
    if last.ttl not in (None, ttl):
        raise invalid("cache_control: the last block has a cache_control of another ttl")
    return PromptBlock(last.canonical, last.tokens, ttl)


def _check_breakpoints(lifetimes: Sequence[float]) -> None:
    if len(lifetimes) > MAX_BREAKPOINTS:
        found = f"Found {len(lifetimes)}."
        raise invalid(f"A maximum of {MAX_BREAKPOINTS} blocks with cache_control may be provided. {found}")
    if any(later > earlier for earlier, later in itertools.pairwise(lifetimes)):
        raise invalid(
            "cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control "
            "block. Note that blocks are processed in the following order: `tools`, `system`, `messages`."
        )


def documents(messages: Sequence[Block]) -> tuple[str, ...]:
    """The text of every document block of the user; without any, the longest text block."""
    said = [
        block
        for message in messages
        if message["role"] == "user"
        for block in content_blocks(message["content"])
    ]
    found = [text for block in said if block.get("type") == "document" and (text := _source_text(block))]
    if found:
        return tuple(found)
    texts = [str(block.get("text", "")) for block in said if block.get("type") == "text"]
    return (max(texts, key=len),) if texts else ()


def question(messages: Sequence[Block]) -> str:
    """The last text block of the last user turn."""
    turns = [message for message in messages if message["role"] == "user"]
    texts = [
        str(block.get("text", ""))
        for block in content_blocks(turns[-1]["content"])
        if block["type"] == "text"
    ]
    return texts[-1] if texts else ""


def all_text(body: Block, messages: Sequence[Block]) -> str:
    """System and messages as one text, for script rules to match."""
    blocks = [
        *content_blocks(body.get("system")),
        *(b for m in messages for b in content_blocks(m["content"])),
    ]
    return "\n".join(str(block.get("text") or "") or _source_text(block) for block in blocks)


def _flattened(body: Block, messages: Sequence[Block]) -> Iterator[PromptBlock]:
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            raise invalid("tools: each should be a valid dictionary")
        yield _prompt_block("tool", tool)
    config = body.get("output_config")
    if isinstance(config, Mapping) and isinstance(answer_format := config.get("format"), dict):
        yield _prompt_block("format", answer_format)
    for block in content_blocks(body.get("system")):
        yield _prompt_block("system", block)
    for message in messages:
        for index, block in enumerate(content_blocks(message["content"])):
            yield _prompt_block(str(message["role"]), block, tokens.MESSAGE_OVERHEAD if index == 0 else 0)


def _prompt_block(role: str, block: Block, overhead: int = 0) -> PromptBlock:
    plain = {name: value for name, value in block.items() if name != "cache_control"}
    canonical = json.dumps([role, plain], ensure_ascii=False, sort_keys=True).encode()
    return PromptBlock(canonical, tokens.count_block(plain) + overhead, _lifetime(block))


def _lifetime(block: Block) -> float | None:
    control = block.get("cache_control")
    if control is None:
        return None
    if block.get("type") in _NEVER_MARKED:
        raise invalid(f"cache_control: Extra inputs are not permitted on {block['type']} blocks")
    if block.get("type") == "text" and not block.get("text"):
        raise invalid("cache_control cannot be set for empty text blocks")
    if not isinstance(control, Mapping) or control.get("type") != "ephemeral":
        raise invalid("cache_control.type: Input should be 'ephemeral'")
    lifetime = _LIFETIMES.get(str(control.get("ttl", "5m")))
    if lifetime is None:
        raise invalid("cache_control.ttl: Input should be '5m' or '1h'")
    return lifetime


def _source_text(block: Block) -> str:
    source = block.get("source")
    if not isinstance(source, Mapping):
        return ""
    if source.get("type") == "text":
        return str(source.get("data", ""))
    return "\n\n".join(str(part.get("text", "")) for part in content_blocks(source.get("content")))
