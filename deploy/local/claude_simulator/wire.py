"""Messages and server-sent events as the Messages API writes them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from claude_simulator import tokens
from claude_simulator.prompt_cache import CacheUse

_FEW_WORDS = re.compile(r"(?:\S{1,40}\s*){1,3}|\s+")


@dataclass(frozen=True)
class Answer:
    """What is said, and why it ends."""

    text: str
    stop_reason: str
    stop_sequence: str | None = None


@dataclass(frozen=True)
class Reply:
    """An answer as a message of the API."""

    id: str
    model: str
    answer: Answer
    use: CacheUse

    @property
    def output_tokens(self) -> int:
        """Tokens billed for the answer; at least one, as with the real API."""
        return max(tokens.count_text(self.answer.text), 1)


def message_json(reply: Reply) -> dict[str, object]:
    """The whole message, for a plain answer."""
    answer = reply.answer
    content = [{"type": "text", "text": answer.text}] if answer.text else []
    return {
        **_envelope(reply, content),
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": _stop_details(answer),
        "usage": _usage(reply.use, reply.output_tokens),
    }


def message_events(reply: Reply) -> Iterator[bytes]:
    """The same message as a stream of events, the text in deltas of a few words."""
    start = {
        **_envelope(reply, []),
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": _usage(reply.use, 1),
    }
    yield event("message_start", {"message": start})
    if reply.answer.text:
        yield event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
    yield event("ping", {})
    if reply.answer.text:
        for words in _FEW_WORDS.findall(reply.answer.text):
            yield event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": words}})
        yield event("content_block_stop", {"index": 0})
    delta = {
        "stop_reason": reply.answer.stop_reason,
        "stop_sequence": reply.answer.stop_sequence,
        "stop_details": _stop_details(reply.answer),
    }
    usage = {
        "input_tokens": reply.use.uncached,
        "cache_creation_input_tokens": reply.use.written,
        "cache_read_input_tokens": reply.use.read,
        "output_tokens": reply.output_tokens,
    }
    yield event("message_delta", {"delta": delta, "usage": usage})
    yield event("message_stop", {})


def event(name: str, data: dict[str, object]) -> bytes:
    """One server-sent event; its data repeats the name as `type`, as the API does."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data}, ensure_ascii=False)}\n\n".encode()


def _envelope(reply: Reply, content: list[dict[str, str]]) -> dict[str, object]:
    return {"id": reply.id, "type": "message", "role": "assistant", "model": reply.model, "content": content}


def _usage(use: CacheUse, output_tokens: int) -> dict[str, object]:
    return {
        "input_tokens": use.uncached,
        "cache_creation_input_tokens": use.written,
        "cache_read_input_tokens": use.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": use.write_5m,
            "ephemeral_1h_input_tokens": use.write_1h,
        },
        "output_tokens": output_tokens,
        "service_tier": "standard",
    }


def _stop_details(answer: Answer) -> dict[str, object] | None:
    return (
        {"type": "refusal", "category": None, "explanation": None}
        if answer.stop_reason == "refusal"
        else None
    )
