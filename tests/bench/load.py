"""A small HTTP/1.1 load generator: keep-alive connections that go round some requests; every latency kept."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle


@dataclass(frozen=True)
class Measured:
    """What came out of one round. Latencies are in milliseconds."""

    calls: int
    seconds: float
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds

    def percentile(self, share: float) -> float:
        """The latency below which `share` of the calls stay."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def measure(
    port: int, paths: Sequence[str], headers: dict[str, str], *, connections: int, seconds: float
) -> Measured:
    """GETs one path after the other, over and over, on so many connections.

    Raises RuntimeError for any answer but 200.
    """
    tail = "\r\n".join(
        [f"host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    )
    requests = cycle([f"GET {path} HTTP/1.1\r\n{tail}".encode() for path in paths])
    latencies: list[float] = []
    started = time.perf_counter()
    end = started + seconds
    await asyncio.gather(*(_repeat(port, requests, end, latencies) for _ in range(connections)))
    return Measured(len(latencies), time.perf_counter() - started, tuple(latencies))


async def _repeat(port: int, requests: Iterator[bytes], end: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (sent := time.perf_counter()) < end:
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            latencies.append((time.perf_counter() - sent) * 1000)
    finally:
        writer.close()
