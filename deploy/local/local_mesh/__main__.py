"""`python -m local_mesh up|down|status|run|logs|trace`: the mesh on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from local_mesh import commands
from local_mesh.demo import journey
from local_mesh.state import StateDirectory


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _options(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    state = StateDirectory.chosen(options.state)
    match options.command:
        case "up" if options.detach:
            return commands.up_detached(state, console)
        case "up":
            return commands.serve(commands.up(state, console, options.announce), console)
        case "run":
            work = journey.run(state, console, contract=options.contract, once=options.once)
            return commands.serve(work, console)
        case "down":
            return commands.down(state, console)
        case "status":
            return commands.status(state, console)
        case "logs":
            return commands.show_log(state, options.name, console, lines=options.lines, follow=options.follow)
        case _:
            return commands.show_trace(state, options.trace_id, console)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local_mesh", description=__doc__)
    parser.add_argument(
        "--state", type=Path, help="where the mesh keeps its state (LOCAL_STATE, else .local/)"
    )
    chosen = parser.add_subparsers(dest="command", required=True)
    up = chosen.add_parser("up", help="start the mesh and serve until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return when it is ready; `down` stops it")
    up.add_argument("--announce", type=int, help=argparse.SUPPRESS)
    run = chosen.add_parser("run", help="start the mesh and take a contract through it")
    run.add_argument("--once", action="store_true", help="check every step and end")
    run.add_argument("--contract", type=Path, help="a document of your own instead of the sample")
    chosen.add_parser("down", help="stop a detached mesh")
    chosen.add_parser("status", help="what runs")
    logs = chosen.add_parser("logs", help="a component's log, readable")
    logs.add_argument("name")
    logs.add_argument("--lines", type=int, default=100)
    logs.add_argument("--follow", action="store_true")
    trace = chosen.add_parser("trace", help="a trace as a waterfall")
    trace.add_argument("trace_id")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
