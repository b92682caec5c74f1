"""`make bench-ai`: the gateway's full path beside LiteLLM, Portkey and TensorZero, over one stub, in one run.

Ours: two processes on one port with identity, limits, cache, PostgreSQL with its writes synced, metering, the
egress record and tracing. The peers: without a database, the best case for each. Rounds alternate between the
sides, so that the machine's noise falls on all. SECONDS= is the length of a round, DOCS=1 writes docs/bench.
"""

import argparse
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvloop
from rich.console import Console

from local_mesh.ports import LOOPBACK, choose_ports
from tests.bench import ai_report, ai_stack, peers
from tests.bench.ai_load import Outcome, ordered
from tests.bench.ai_report import MANY, STUB
from tests.bench.ai_stack import Stack
from tests.bench.peer_install import NotInstalledError
from tests.bench.sides import Kind, Side, http_asks

ROUNDS = 3
WARM_SECONDS, WARM_CONNECTIONS = 1.5, 8


@dataclass
class Run:
    """All that was measured: by side, kind and number of connections, one outcome a round."""

    seconds: float
    sides: dict[str, Side] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    outcomes: dict[tuple[str, Kind, int], list[Outcome]] = field(default_factory=dict)
    # Questions that reached the stub, for each that was asked: 1 where nothing was answered from a cache.
    passed_on: dict[tuple[str, Kind], list[float]] = field(default_factory=dict)
    megabytes: dict[str, list[float]] = field(default_factory=dict)


async def main(options: argparse.Namespace) -> None:
    """Prints the table and the RESULT line."""
    console, began = Console(), time.perf_counter()
    run = Run(options.seconds)
    port = choose_ports("random", ("stub",))["stub"].number
    with tempfile.TemporaryDirectory() as folder:
        console.print("starting our side …", style="dim")
        url = f"http://{LOOPBACK}:{port}"
        async with (
            ai_stack.serving(
                Path(folder) / "mesh", ai_stack.upstream("tests.bench.ai_stub", port), url
            ) as stack,
            started(console, run, stack, Path(folder), port),
        ):
            await warm(run)
            for number in range(ROUNDS):
                console.print(f"round {number + 1} of {ROUNDS}", style="dim")
                await one_round(run, port)
            run.megabytes = {name: side.megabytes for name, side in run.sides.items()}
    console.print(f"measured in {time.perf_counter() - began:.0f} s", style="dim")
    ai_report.tell(console, run, docs=options.docs)


@asynccontextmanager
async def started(console: Console, run: Run, stack: Stack, folder: Path, port: int) -> AsyncIterator[None]:
    """All sides, ready; a peer that cannot be had is noted with its reason, and the run goes on."""
    stub = {"anthropic-version": "2023-06-01", "x-api-key": "not-a-key"}
    asks = http_asks("/v1/messages", "claude-sonnet-5-5", "message_stop", Kind.PLAIN, Kind.STREAM)
    run.sides[STUB] = Side(STUB, port, asks, [stub], processes=stack.processes("upstream"))
    cold_start = await stack.cold_start()
    ours = stack.side().started_in(cold_start)
    run.sides[ours.name] = ours
    valkey = peers.Valkey(stack.site.ports["valkey"], stack.site.credentials.valkey)
    async with AsyncExitStack() as stop:
        for name, make in peers.programs(folder, port, valkey).items():
            console.print(f"starting {name} …", style="dim")
            try:
                log = folder / f"{name}.log"
                side = await stop.enter_async_context(peers.running(make(), log))
            except (NotInstalledError, TimeoutError) as reason:
                run.absent[name] = str(reason) or "did not start in time"
                console.print(f"{name} is absent: {run.absent[name]}", style="yellow")
            else:
                run.sides[side.name] = side
        yield


async def warm(run: Run) -> None:
    """Every side has answered each kind of question before it is measured."""
    for side in run.sides.values():
        for kind in side.asks:
            await ordered(side.order(kind, WARM_CONNECTIONS, WARM_SECONDS))


async def one_round(run: Run, stub: int) -> None:
    """Each kind, alone and with many at once, on one side after the other."""
    for kind in Kind:
        for connections in (1, MANY):
            seconds = run.seconds if connections > 1 else run.seconds / 2
            for side in run.sides.values():
                if kind in side.asks:
                    before = await ai_stack.asked(stub)
                    outcome = await ordered(side.order(kind, connections, seconds))
                    reached = await ai_stack.asked(stub) - before
                    run.outcomes.setdefault((side.name, kind, connections), []).append(outcome)
                    share = reached / max(outcome.calls + outcome.failures, 1)
                    run.passed_on.setdefault((side.name, kind), []).append(share)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--docs", action="store_true")
    uvloop.run(main(parser.parse_args()))
