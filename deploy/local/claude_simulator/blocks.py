"""Content blocks of an answer that are more than text, whole and as a stream has them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from claude_simulator import tokens

Block = Mapping[str, object]
Delta = dict[str, object]
_FEW_WORDS = re.compile(r"(?:\S{1,40}\s*){1,3}|\s+")


def text_of(blocks: Sequence[Block]) -> str:
    """What all text blocks say."""
    return "".join(str(block["text"]) for block in blocks if block.get("type") == "text")


def stop_reason(blocks: Sequence[Block]) -> str:
    """Why an answer of these ends."""
    return "tool_use" if any(block.get("type") == "tool_use" for block in blocks) else "end_turn"


def count(blocks: Sequence[Block]) -> int:
    """Tokens that they are billed as."""
    return sum(
        tokens.count_text(str(block["text"]))
        if block.get("type") == "text"
        else tokens.count_text(json.dumps(block))
        for block in blocks
    )


def begun(block: Block) -> tuple[dict[str, object], Iterator[Delta]]:
    """A block as `content_block_start` has it, and the deltas that make it whole."""
    match block.get("type"):
        case "text":
            return {**block, "text": "", **({"citations": []} if "citations" in block else {})}, _text(block)
        case "thinking":
            return {**block, "thinking": "", "signature": ""}, _thinking(block)
        case "tool_use":
            return {**block, "input": {}}, _input(block)
    return dict(block), iter(())


def _text(block: Block) -> Iterator[Delta]:
    for words in _FEW_WORDS.findall(str(block["text"])):
        yield {"type": "text_delta", "text": words}
    cited = block.get("citations")
    for citation in cited if isinstance(cited, list) else ():
        yield {"type": "citations_delta", "citation": citation}


def _thinking(block: Block) -> Iterator[Delta]:
    for words in _FEW_WORDS.findall(str(block["thinking"])):
        yield {"type": "thinking_delta", "thinking": words}
    yield {"type": "signature_delta", "signature": block.get("signature", "")}


def _input(block: Block) -> Iterator[Delta]:
    whole = json.dumps(block.get("input", {}))
    for start in range(0, len(whole), 7):
        yield {"type": "input_json_delta", "partial_json": whole[start : start + 7]}
