"""One measurement by a process of its own: an order comes in, so many connections ask, an outcome goes out.

`python -m tests.bench.ai_load` reads the order as JSON and prints the outcome as JSON.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, cycle

import uvloop

from tests.bench.wires import Connection, Grpc, Http1, Tally, grpc_head, http1_head

# So many different questions are asked again and again where answers shall come from a cache.
KEPT_QUESTIONS = 16


@dataclass(frozen=True)
class Order:
    """What to ask, how, and for how long.

    `wire` is `grpc` or `http/1.1`. `body` is bytes as latin-1 text, with `wires.NUMBER` in it. Connections
    take turns with the `callers`, which are headers; of a connection's requests one in `traced_every` is
    traced. `first` begins the questions' numbers; with `kept` there are only KEPT_QUESTIONS of them.
    """

    wire: str
    port: int
    path: str
    body: str
    callers: list[dict[str, str]]
    connections: int
    seconds: float
    first: int
    last: str = ""
    kept: bool = False
    traced_every: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of it. Latencies in milliseconds, `client_us` is the CPU time of this process for a call."""

    calls: int
    rate: float
    p50: float
    p99: float
    first_p50: float
    first_p99: float
    client_us: float
    failures: int
    failure: str


async def ordered(order: Order) -> Outcome:
    """Has the order carried out by a new process. Raises RuntimeError with its last words when it fails."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.ai_load",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(json.dumps(asdict(order)).encode())
    if process.returncode != 0:
        raise RuntimeError(err.decode(errors="replace")[-2000:])
    return Outcome(**json.loads(out))


async def measure(order: Order) -> Outcome:
    """In this process."""
    tally, fresh = Tally(time.perf_counter() + order.seconds, order.connections), count(order.first)
    connections = [await _connected(order, tally, fresh, number) for number in range(order.connections)]
    gc.freeze()
    began, cpu = time.perf_counter(), time.process_time()
    tally.ends_at = began + order.seconds
    for connection in connections:
        connection.ask()
    # Longer than any call may take; a side that hangs is a failure of that side.
    async with asyncio.timeout(order.seconds + 60):
        await tally.done.wait()
    return _outcome(tally, time.perf_counter() - began, time.process_time() - cpu)


async def _connected(order: Order, tally: Tally, fresh: Iterator[int], number: int) -> Connection:
    body, wire = order.body.encode("latin-1"), Grpc if order.wire == "grpc" else Http1
    heads = _heads(order, number, len(body))
    # Each connection goes round all that is kept: its caller may be the only one of an organization.
    numbers = cycle(range(KEPT_QUESTIONS)) if order.kept else fresh
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: wire(tally, numbers, heads, body, order.last.encode()), "127.0.0.1", order.port
    )
    return connection


def _heads(order: Order, number: int, length: int) -> list[bytes]:
    caller = order.callers[number % len(order.callers)]
    sampled = [f"{int(not turn):02x}" for turn in range(order.traced_every)]
    traces = [
        {"traceparent": f"00-{number + 1:032x}-{turn + 1:016x}-{flag}"} for turn, flag in enumerate(sampled)
    ]
    headers = [caller | trace for trace in traces] or [caller]
    if order.wire == "grpc":
        return [grpc_head(order.port, order.path, given) for given in headers]
    return [http1_head(order.port, order.path, given, length) for given in headers]


def _outcome(tally: Tally, seconds: float, cpu: float) -> Outcome:
    calls = len(tally.latencies)
    return Outcome(
        calls=calls,
        rate=calls / seconds,
        p50=percentile(tally.latencies, 0.5) * 1000,
        p99=percentile(tally.latencies, 0.99) * 1000,
        first_p50=percentile(tally.firsts, 0.5) * 1000,
        first_p99=percentile(tally.firsts, 0.99) * 1000,
        client_us=cpu / max(calls, 1) * 1e6,
        failures=tally.failures,
        failure=tally.failure,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them stay; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


if __name__ == "__main__":
    given = Order(**json.loads(sys.stdin.read()))
    print(json.dumps(asdict(uvloop.run(measure(given)))))
