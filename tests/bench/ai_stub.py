"""A constant Claude for the bench: POST /v1/messages, plain and streamed, and count_tokens, without delay.

`python -m tests.bench.ai_stub PORT`. One process; it only parses what frames a request, so that it is far
from being the bottleneck. Each answer has ids of its own. GET /stats tells how many questions came.
"""

import asyncio
import json
import re
import sys
from itertools import count
from typing import cast

import uvloop

# 216 events to a stream, about 200 tokens; the first delta is `The `.
TEXT = ("The quick brown fox jumps over the lazy dog near the quiet river bank. " * 15).strip()
_MODEL = "claude-sonnet-4-5-20250929"
_USAGE = {"input_tokens": 42, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
# Of the ids' own length, so that no length changes when they are put in.
_ID = b"@" * 20
# So many events go out together, and the loop turns: about what a network would do to them.
_AT_ONCE = 8
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_STREAMED = re.compile(rb'"stream" *: *true')


def _message(**given: object) -> dict[str, object]:
    return {
        "id": f"msg_{_ID.decode()}", "type": "message", "role": "assistant", "model": _MODEL,
        "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {**_USAGE, "output_tokens": 200, "service_tier": "standard"},
    } | given  # fmt: skip


def _events() -> list[dict[str, object]]:
    begun = _message(content=[], stop_reason=None, usage={**_USAGE, "output_tokens": 1})
    deltas = [{"type": "text_delta", "text": word + " "} for word in TEXT.split(" ")]
    return [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 200},
        },
        {"type": "message_stop"},
    ]


def _json(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: req_%s\r\n" % _ID
    return b"%scontent-length: %d\r\n\r\n%s" % (head, len(body), body)


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(body), body)


def _stream() -> list[bytes]:
    sent = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in _events()]
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
        b"request-id: req_%s\r\ntransfer-encoding: chunked\r\n\r\n" % _ID
    )
    parts = [b"".join(map(_chunk, sent[at : at + _AT_ONCE])) for at in range(0, len(sent), _AT_ONCE)]
    return [head + parts[0], *parts[1:], b"0\r\n\r\n"]


_PLAIN, _COUNTED, _PARTS = _json(_message()), _json({"input_tokens": 42}), _stream()
_numbers = count(1)
_asked = 0


class Claude(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            request, self._buffer = self._buffer[:whole], self._buffer[whole:]
            self._answer(request, end)

    def _answer(self, request: bytes, head: int) -> None:
        global _asked
        target = request[: request.find(b"\r\n")]
        if b"/stats" in target:
            self._transport.write(_json({"asked": _asked}))
            return
        _asked += 1
        number = b"%020d" % next(_numbers)
        if b"count_tokens" in target:
            self._transport.write(_COUNTED.replace(_ID, number))
        elif _STREAMED.search(request, head):
            self._write_part(number, 0)
        else:
            self._transport.write(_PLAIN.replace(_ID, number))

    def _write_part(self, number: bytes, part: int) -> None:
        if self._transport.is_closing():
            return
        content = _PARTS[part]
        self._transport.write(content if part else content.replace(_ID, number))
        if part + 1 < len(_PARTS):
            asyncio.get_running_loop().call_soon(self._write_part, number, part + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Claude, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
