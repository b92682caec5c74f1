"""What a gateway may find at the other end of a connection: servers that speak, and never finish."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK_BYTES = 65_536
# Far under any deadline here, so that no silence is ever long.
_DRIP_SECONDS = 0.03
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ntransfer-encoding: chunked\r\nrequest-id: req_drip\r\n\r\n"


@dataclass
class HeldDoor:
    """A way to a server that can be held: connections are taken, and nothing passes."""

    host: str
    port: int
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _streams: set[asyncio.StreamWriter] = field(default_factory=set)
    address: int = 0

    def hold(self) -> None:
        """From now on nothing passes."""
        self._open.clear()

    def release(self) -> None:
        """What waited goes on."""
        self._open.set()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            there, back = await asyncio.open_connection(self.host, self.port)
            self._streams |= {writer, back}
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, back))
                    both.create_task(self._pass(there, writer))
            finally:
                self._streams -= {writer, back}

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(_CHUNK_BYTES):
                await self._open.wait()
                sink.write(chunk)
                await sink.drain()
        sink.close()


@asynccontextmanager
async def door(host: str, port: int) -> AsyncIterator[HeldDoor]:
    """An open door to `host:port`, at `address` of this machine."""
    held = HeldDoor(host, port)
    held.release()
    server = await asyncio.start_server(held._take, "127.0.0.1", 0)
    held.address = server.sockets[0].getsockname()[1]
    try:
        yield held
    finally:
        held.release()
        server.close()
        for writer in list(held._streams):
            writer.close()


@asynccontextmanager
async def dripping() -> AsyncIterator[str]:
    """The URL of a Claude that always says a little more: blanks before an answer, an endless stream."""
    server = await asyncio.start_server(_drip, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length.partition(b":")[2]))
        streamed = b'"stream":true' in body
        writer.write(_HEAD % (b"text/event-stream" if streamed else b"application/json"))
        if streamed:
            _chunk(writer, _event("message_start", message=_BEGUN))
        while not writer.is_closing():
            _chunk(writer, _event("ping") + _event("content_block_delta", **_LETTER) if streamed else b" ")
            await writer.drain()
            await asyncio.sleep(_DRIP_SECONDS)
    writer.close()


_BEGUN: dict[str, object] = {
    "id": "msg_drip", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5", "content": [],
    "stop_reason": None, "usage": {"input_tokens": 100, "output_tokens": 1},
}  # fmt: skip

_LETTER: dict[str, object] = {"index": 0, "delta": {"type": "text_delta", "text": "a"}}


def _event(name: str, **data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def _chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(content), content))
