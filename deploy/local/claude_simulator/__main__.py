"""Runs the simulator: `python -m claude_simulator` prints one JSON line with its URL, then serves."""

import argparse
import asyncio
import json
import os
import signal
from collections.abc import Sequence

import uvloop

from claude_simulator.batches.store import BatchLimits
from claude_simulator.bedrock.keys import AwsKeys
from claude_simulator.server import serving
from claude_simulator.simulation import Pace, Simulation


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    options = _options(arguments)
    pace = Pace(options.latency_ms / 1_000, options.chunk_delay_ms / 1_000)
    simulation = Simulation(
        pace,
        batch_limits=BatchLimits(options.batch_requests, seconds=options.batch_ms / 1_000),
        aws=AwsKeys(options.aws_access_key, options.aws_secret_key),
    )
    uvloop.run(_serve(simulation, options.host, options.port))


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
    batches, keys = BatchLimits(), AwsKeys()
    parser.add_argument(
        "--batch-ms", type=float, default=batches.seconds * 1_000, help="how long a batch takes"
    )
    parser.add_argument(
        "--batch-requests", type=int, default=batches.requests, help="the most that a batch may hold"
    )
    parser.add_argument("--aws-access-key", default=keys.access_key, help="whose signatures Bedrock takes")
    parser.add_argument("--aws-secret-key", default=keys.secret_key, help="of tests alone")
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
