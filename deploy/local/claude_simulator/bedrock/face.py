"""What answers look like on Bedrock: chunks of an event stream, with metrics in the last."""

import base64
import json
from collections.abc import Iterator, Mapping

from claude_simulator.bedrock.event_stream import frame
from claude_simulator.bedrock.problems import in_aws_words
from claude_simulator.problems import RefusalError
from claude_simulator.wire import Event, Face, Reply, message_events

_CHUNK = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _usage_headers(reply: Reply) -> dict[str, str]:
    return {
        "x-amzn-bedrock-input-token-count": str(reply.use.uncached),
        "x-amzn-bedrock-output-token-count": str(reply.output_tokens),
        "x-amzn-bedrock-cache-read-input-token-count": str(reply.use.read),
        "x-amzn-bedrock-cache-write-input-token-count": str(reply.use.written),
    }


def _events(reply: Reply) -> Iterator[Event]:
    for name, data in message_events(reply):
        if name == "message_stop":
            yield name, {**data, "amazon-bedrock-invocationMetrics": _metrics(reply)}
        elif name != "ping":
            yield name, data


def _metrics(reply: Reply) -> dict[str, int]:
    return {
        "inputTokenCount": reply.use.uncached,
        "outputTokenCount": reply.output_tokens,
        "invocationLatency": 1,
        "firstByteLatency": 1,
        "cacheReadInputTokenCount": reply.use.read,
        "cacheWriteInputTokenCount": reply.use.written,
    }


def _chunk(name: str, data: Mapping[str, object]) -> bytes:
    return _framed(json.dumps({"type": name, **data}, ensure_ascii=False).encode())


def _garbled_chunk(_name: str, _data: Mapping[str, object]) -> bytes:
    return _framed(b"{<")


def _framed(event: bytes) -> bytes:
    # As AWS does it, padded to hide by its length what the model says.
    padding = _PADDING[: len(event) % len(_PADDING) + 1]
    payload = {"bytes": base64.b64encode(event).decode(), "p": padding}
    return frame(_CHUNK, json.dumps(payload, separators=(",", ":")).encode())


def _exception(problem: RefusalError) -> bytes:
    _, code = in_aws_words(problem.status, problem.code)
    headers = {
        ":exception-type": code[0].lower() + code[1:],
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, json.dumps({"message": problem.message}).encode())


BEDROCK_FACE = Face(
    "application/vnd.amazon.eventstream", _events, _chunk, _garbled_chunk, _exception, _usage_headers
)
