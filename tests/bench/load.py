"""A small HTTP/1.1 load generator: keep-alive connections that repeat one request, and every latency kept."""

import asyncio
import time
from dataclasses import dataclass


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
    port: int, path: str, headers: dict[str, str], *, connections: int, seconds: float
) -> Measured:
    """Repeats `GET path` on so many connections. Raises RuntimeError for any answer but 200."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    request = "\r\n".join([*lines, "", ""]).encode()
    latencies: list[float] = []
    started = time.perf_counter()
    end = started + seconds
    await asyncio.gather(*(_repeat(port, request, end, latencies) for _ in range(connections)))
    return Measured(len(latencies), time.perf_counter() - started, tuple(latencies))


async def _repeat(port: int, request: bytes, end: float, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (sent := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            latencies.append((time.perf_counter() - sent) * 1000)
    finally:
        writer.close()
