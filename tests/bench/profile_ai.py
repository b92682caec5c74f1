"""Where the CPU time of a call goes: microseconds for each kind of process, at 32 calls at once.

`python -m tests.bench.profile_ai [SECONDS]`. The full path alone, over the stub, for whoever makes it
faster. Two cores have 2,000,000 µs a second: their share for a call, less what the others take, is the room.
"""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from local_mesh.ports import LOOPBACK, choose_ports
from tests.bench import ai_stack
from tests.bench.ai_load import Outcome, ordered
from tests.bench.ai_stack import PROCESSES, Stack
from tests.bench.sides import Kind

CONNECTIONS = 32
_WARM_SECONDS = 2.0
_TITLES = {Kind.PLAIN: "uncached", Kind.STREAM: "stream of 216 events", Kind.KEPT: "cache hit"}


async def main(seconds: float) -> None:
    """Prints one table."""
    console = Console()
    port = choose_ports("random", ("stub",))["stub"].number
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://{LOOPBACK}:{port}"
        async with ai_stack.serving(
            Path(folder), ai_stack.upstream("tests.bench.ai_stub", port), url
        ) as stack:
            table = Table("µs of CPU a call", *(_TITLES[kind] for kind in Kind))
            columns = [await profiled(stack, kind, seconds) for kind in Kind]
            for name in columns[0]:
                table.add_row(name, *(f"{column[name]:,.0f}" for column in columns))
            console.print(table)


async def profiled(stack: Stack, kind: Kind, seconds: float) -> dict[str, float]:
    """µs a call by process, then the rate, latencies and the share of both cores that was used."""
    side = stack.side()
    await ordered(side.order(kind, CONNECTIONS, _WARM_SECONDS))
    groups = families(stack)
    before, idle = cpu_seconds(groups), psutil.cpu_times().idle
    outcome = await ordered(side.order(kind, CONNECTIONS, seconds))
    used = {name: spent - before[name] for name, spent in cpu_seconds(groups).items()}
    idle = psutil.cpu_times().idle - idle
    if outcome.failures:
        raise RuntimeError(f"{outcome.failures} calls failed: {outcome.failure}")
    return _column(used, outcome, idle) | {"MB, larger gateway process": max(side.megabytes)}


def _column(used: Mapping[str, float], outcome: Outcome, idle: float) -> dict[str, float]:
    column = {name: spent / outcome.calls * 1e6 for name, spent in used.items()}
    column["load generator"] = outcome.client_us
    column["all of these"] = sum(column.values())
    column["idle, of all cores"] = idle / outcome.calls * 1e6
    return column | {"calls/s": outcome.rate, "p50 µs": outcome.p50 * 1000, "p99 µs": outcome.p99 * 1000}


def families(stack: Stack) -> dict[str, list[psutil.Process]]:
    """The processes, by what they are."""
    return {
        "gateway, both processes": stack.processes(*PROCESSES),
        "PostgreSQL": stack.processes("postgres"),
        "Valkey": stack.processes("valkey"),
        "stub of Claude": stack.processes("upstream"),
        "this process (collector)": [psutil.Process()],
    }


def cpu_seconds(groups: Mapping[str, list[psutil.Process]]) -> dict[str, float]:
    """User and system time so far, of each group with its living children and those it has outlived."""
    return {name: sum(map(_family_seconds, processes)) for name, processes in groups.items()}


def _family_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    spent = float(times.user + times.system)
    if process.pid == psutil.Process().pid:
        # Its children are the other groups.
        return spent
    children = sum(_family_seconds(child) for child in process.children())
    return spent + float(times.children_user + times.children_system) + children


if __name__ == "__main__":
    uvloop.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 4.0))
