"""Runs the simulator: `python -m claude_simulator` prints one JSON line with its URL, then serves."""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import Sequence

import uvloop

from claude_simulator.server import serving
from claude_simulator.simulation import Pace, Simulation


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = _options(arguments)
    pace = Pace(options.latency_ms / 1_000, options.chunk_delay_ms / 1_000)
    uvloop.run(_serve(Simulation(pace), options.host, options.port))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="claude_simulator", description="Claude's Messages API, simulated.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free port")
    parser.add_argument(
        "--latency-ms",
        type=float,
        default=os.environ.get("CLAUDE_SIMULATOR_LATENCY_MS", "0"),
        help="wait before the first byte of an answer",
    )
    parser.add_argument(
        "--chunk-delay-ms",
        type=float,
        default=os.environ.get("CLAUDE_SIMULATOR_CHUNK_DELAY_MS", "0"),
        help="wait between the deltas of a stream",
    )
    return parser.parse_args(arguments)


async def _serve(simulation: Simulation, host: str, port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving(simulation, host, port) as url:
        print(json.dumps({"url": url}), flush=True)
        await stopped.wait()


if __name__ == "__main__":
    main()
