"""The load generator's two wires: HTTP/1.1 and gRPC over HTTP/2, one request at a time on each connection.

Both are written by hand on asyncio's protocols, in the same way and about equally cheap, so that no side of a
bench is charged for a slow client. They know as much of their protocols as a bench needs, and no more.
"""

import asyncio
import re
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

# Where the number of a question stands in a body; numbers are written with as many digits.
NUMBER = b"@" * 20
# The first word that Claude says, on every wire.
_FIRST = b"The "
_TAIL_BYTES = 512


@dataclass(slots=True)
class Tally:
    """What all connections together have seen. Times in seconds."""

    ends_at: float
    left: int
    done: asyncio.Event = field(default_factory=asyncio.Event)
    latencies: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    failures: int = 0
    failure: str = ""

    def leave(self) -> None:
        """A connection has nothing more to do."""
        self.left -= 1
        if self.left == 0:
            self.done.set()


class Connection(asyncio.Protocol):
    """Asks, waits for the end of the answer, asks again, until the time is over."""

    def __init__(
        self, tally: Tally, numbers: Iterator[int], heads: Sequence[bytes], body: bytes, last: bytes
    ) -> None:
        """`heads` are gone round, `numbers` told in the body; `last` stands near a good answer's end."""
        self._tally = tally
        self._numbers = numbers
        self._heads = heads
        self._before, _, self._after = body.partition(NUMBER)
        self._last = last
        self._asked = 0
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by inheritance.
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._over:
            self._fail("the connection was closed")
            self._end()

    def ask(self) -> None:
        """The next question, or the end."""
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._tally.ends_at:
            self._end()
            return
        self._tail = b""
        self._spoke = False
        self._asked += 1
        head = self._heads[self._asked % len(self._heads)]
        self._send(head, b"%s%020d%s" % (self._before, next(self._numbers), self._after))

    def _send(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError

    def _take(self, content: bytes) -> None:
        """Some of the answer."""
        self._tail = (
            (self._tail + content)[-_TAIL_BYTES:] if len(content) < _TAIL_BYTES else content[-_TAIL_BYTES:]
        )
        if not self._spoke and _FIRST in content:
            self._spoke = True
            self._tally.firsts.append(time.perf_counter() - self._sent_at)

    def _answered(self, problem: str = "") -> None:
        if not problem and self._last not in self._tail:
            problem = "the answer has no end"
        if problem:
            self._fail(problem)
        else:
            self._tally.latencies.append(time.perf_counter() - self._sent_at)
        self.ask()

    def _fail(self, problem: str) -> None:
        self._tally.failures += 1
        self._tally.failure = self._tally.failure or problem

    def _end(self) -> None:
        self._over = True
        self._tally.leave()
        self.transport.close()


_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200"


def http1_head(port: int, path: str, headers: dict[str, str], length: int) -> bytes:
    """A request's head; `length` is the body's."""
    given = {"host": f"127.0.0.1:{port}", "content-type": "application/json", **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, f"content-length: {length}", "", ""]).encode()


class Http1(Connection):
    """Keep-alive. Bodies end by their length or by their last chunk."""

    def _send(self, head: bytes, body: bytes) -> None:
        self._head = b""
        self._in_body = False
        self.transport.write(head + body)

    def data_received(self, data: bytes) -> None:
        if not self._in_body:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            self._in_body = True
            length = _LENGTH.search(self._head, 0, end + 2)
            self._missing = int(length[1]) if length else None
            data = self._head[end + 4 :]
        self._take(data)
        if self._missing is not None:
            self._missing -= len(data)
        if self._missing == 0 or (self._missing is None and self._tail.endswith(b"0\r\n\r\n")):
            good = self._head.startswith(_OK)
            self._answered("" if good else (self._head + self._tail).decode(errors="replace")[:400])


_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_CONNECTION = bytes(4)  # stream 0
# A frame's length in two parts, its kind and its flags; four bytes of its stream follow.
_FRAME, _FRAME_BYTES = struct.Struct(">HBBB").unpack_from, 9
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_WIDEST = 2**31 - 1
_FIRST_WINDOW = 65_535
# After so many bytes the server is told that it may send as many again.
_REFILL = 2**28


def grpc_head(port: int, method: str, metadata: dict[str, str]) -> bytes:
    """A header block, all of it literal: what gRPC's own client does with tokens, too."""
    given = {
        ":method": "POST", ":scheme": "http", ":path": method, ":authority": f"127.0.0.1:{port}",
        "te": "trailers", "content-type": "application/grpc", "grpc-timeout": "20S", **metadata,
    }  # fmt: skip
    return b"".join(b"\0" + _string(name) + _string(value) for name, value in given.items())


def _string(text: str) -> bytes:
    """HPACK's string, not compressed: RFC 7541, 5.2."""
    length, prefix = len(text), b""
    if length >= 127:
        prefix, length = b"\x7f", length - 127
        while length >= 128:
            prefix, length = prefix + bytes([length % 128 + 128]), length // 128
    return prefix + bytes([length]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class Grpc(Connection):
    """HTTP/2 without TLS. Answers are not decoded; trailers after a message are taken for a good end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._buffer = b""
        self._stream = -1
        self._window = _FIRST_WINDOW
        self._waiting = b""
        self._received = 0
        initial_window = (4).to_bytes(2, "big") + _WIDEST.to_bytes(4, "big")
        wider = _frame(_WINDOW, 0, 0, (_WIDEST - _FIRST_WINDOW).to_bytes(4, "big"))
        self.transport.write(_PREFACE + _frame(_SETTINGS, 0, 0, initial_window) + wider)

    def _send(self, head: bytes, body: bytes) -> None:
        self._stream += 2
        self._answering = False
        message = b"\0" + len(body).to_bytes(4, "big") + body
        frames = _frame(_HEADERS, _END_HEADERS, self._stream, head) + _frame(
            _DATA, _END_STREAM, self._stream, message
        )
        self._window -= len(message)
        if self._window < 0:
            self._waiting = frames
        else:
            self.transport.write(frames)

    def data_received(self, data: bytes) -> None:
        # The busiest loop of a bench of streams: a message costs it no more than a look at its frame.
        buffer, at = self._buffer + data, 0
        size = len(buffer)
        spoken = range(0)
        while size - at >= _FRAME_BYTES:
            high, low, kind, flags = _FRAME(buffer, at)
            begin = at + _FRAME_BYTES
            at = begin + (high << 8 | low)
            if at > size:
                at = begin - _FRAME_BYTES
                break
            if kind != _DATA:
                self._hear(buffer, spoken)
                spoken = range(0)
                self._take_frame(kind, flags, buffer[begin - 4 : begin], buffer[begin:at])
                continue
            self._received += at - begin
            spoken = range(begin, at)
            if not self._spoke:
                self._hear(buffer, spoken)
        self._hear(buffer, spoken)
        self._buffer = buffer[at:]

    def _hear(self, buffer: bytes, spoken: range) -> None:
        """Of many messages only the latest is looked at."""
        if spoken:
            self._answering = True
            self._take(buffer[spoken.start : spoken.stop])

    def _take_frame(self, kind: int, flags: int, stream: bytes, payload: bytes) -> None:
        if kind == _HEADERS and flags & _END_STREAM:
            self._refill()
            self._answered("" if self._answering else payload.decode("ascii", errors="replace")[:400])
        elif kind == _RESET:
            self._answered(f"the stream was reset: {payload.hex()}")
        elif kind == _GOAWAY:
            self.transport.close()
        elif kind == _WINDOW and stream == _CONNECTION:
            self._widen(int.from_bytes(payload, "big"))
        elif kind in (_SETTINGS, _PING) and not flags & _ACK:
            self.transport.write(_frame(kind, _ACK, 0, payload if kind == _PING else b""))

    def _refill(self) -> None:
        if self._received >= _REFILL:
            self.transport.write(_frame(_WINDOW, 0, 0, self._received.to_bytes(4, "big")))
            self._received = 0

    def _widen(self, more: int) -> None:
        # A stream's own window is far wider than any request of a bench.
        self._window += more
        if self._waiting and self._window >= 0:
            self.transport.write(self._waiting)
            self._waiting = b""
