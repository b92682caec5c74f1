"""Messages, events and server-sent events as the Messages API writes them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from claude_simulator import blocks
from claude_simulator.problems import RefusalError, error_type
from claude_simulator.prompt_cache import CacheUse

Event = tuple[str, dict[str, object]]  # its name, and its data without it


@dataclass(frozen=True)
class Answer:
    """What is said, and why it ends."""

    text: str
    stop_reason: str
    stop_sequence: str | None = None
    content: tuple[blocks.Block, ...] = ()  # where it is more than the text

    @property
    def blocks(self) -> tuple[blocks.Block, ...]:
        """Its content blocks."""
        return self.content or (({"type": "text", "text": self.text},) if self.text else ())


@dataclass(frozen=True)
class Reply:
    """An answer as a message of the API. `tier` is None where the API names no service tier."""

    id: str
    model: str
    answer: Answer
    use: CacheUse
    tier: str | None = "standard"
    late_usage: bool = False  # a stream begins without its input tokens

    @property
    def output_tokens(self) -> int:
        """Tokens billed for the answer; at least one unless none were allowed, as with the real API."""
        nothing_allowed = self.answer.stop_reason == "max_tokens" and not self.answer.text
        return 0 if nothing_allowed else max(blocks.count(self.answer.blocks), 1)


@dataclass(frozen=True)
class Face:
    """How one way to Claude writes the events of a stream and what goes wrong in it."""

    stream_type: str
    events: Callable[[Reply], Iterator[Event]]
    encode: Callable[[str, Mapping[str, object]], bytes]
    garble: Callable[[str, Mapping[str, object]], bytes]
    error: Callable[[RefusalError], bytes]
    plain_headers: Callable[[Reply], Mapping[str, str]] = lambda _reply: {}


def message_json(reply: Reply) -> dict[str, object]:
    """The whole message, for a plain answer."""
    answer = reply.answer
    return {
        **_envelope(reply, answer.blocks),
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": _stop_details(answer),
        "usage": _usage(reply, reply.output_tokens),
    }


def message_events(reply: Reply) -> Iterator[Event]:
    """The same message as a stream of events, the text in deltas of a few words."""
    start = {
        **_envelope(reply, []),
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": _first_usage(reply),
    }
    yield "message_start", {"message": start}
    yield from _block_events(reply.answer.blocks)
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
    yield "message_delta", {"delta": delta, "usage": usage}
    yield "message_stop", {}


def _block_events(content: Sequence[blocks.Block]) -> Iterator[Event]:
    if not content:
        yield "ping", {}
    for index, block in enumerate(content):
        start, deltas = blocks.begun(block)
        yield "content_block_start", {"index": index, "content_block": start}
        if index == 0:
            yield "ping", {}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}


def sse(name: str, data: Mapping[str, object]) -> bytes:
    """One server-sent event; its data repeats the name as `type`, as the API does."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data}, ensure_ascii=False)}\n\n".encode()


def _garbled_sse(name: str, data: Mapping[str, object]) -> bytes:
    return sse(name, data).replace(b'data: {"', b"data: {<")


def _sse_error(problem: RefusalError) -> bytes:
    return sse("error", {"error": {"type": error_type(problem.status), "message": problem.message}})


MESSAGES_FACE = Face("text/event-stream; charset=utf-8", message_events, sse, _garbled_sse, _sse_error)


def _envelope(reply: Reply, content: Sequence[blocks.Block]) -> dict[str, object]:
    return {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": list(content),
    }


def _first_usage(reply: Reply) -> dict[str, object]:
    told = _usage(reply, min(reply.output_tokens, 1))
    return {**told, "input_tokens": 0, "output_tokens": 0} if reply.late_usage else told


def _usage(reply: Reply, output_tokens: int) -> dict[str, object]:
    use = reply.use
    return {
        "input_tokens": use.uncached,
        "cache_creation_input_tokens": use.written,
        "cache_read_input_tokens": use.read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": use.write_5m,
            "ephemeral_1h_input_tokens": use.write_1h,
        },
        "output_tokens": output_tokens,
        **({"service_tier": reply.tier} if reply.tier else {}),
    }


def _stop_details(answer: Answer) -> dict[str, object] | None:
    return (
        {"type": "refusal", "category": None, "explanation": None}
        if answer.stop_reason == "refusal"
        else None
    )
