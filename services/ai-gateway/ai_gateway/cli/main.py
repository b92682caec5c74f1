"""Runs a command of `bloom-ai`, and turns whatever stops it into one line and an exit status."""

import argparse
from collections.abc import Sequence
from contextlib import AbstractContextManager

from pydantic import ValidationError

from ai_gateway.cli.arguments import parser
from ai_gateway.cli.connection import Connect, Gateway, Way, connected
from ai_gateway.cli.problems import CommandError
from ai_gateway.cli.terminal import Terminal, harmless
from ai_gateway.cli.trial import INTERRUPTED

_SECONDS, _ASKING_SECONDS = 30.0, 120.0


def main(
    arguments: Sequence[str] | None = None, terminal: Terminal | None = None, way: Way | None = None
) -> int:
    """Returns the exit status; ends the process with 2 when it is misused. `way`: the environment's else."""
    options = parser().parse_args(arguments)
    terminal = terminal or Terminal.standard()
    try:
        return int(options.run(options, _connect(options, way), terminal))
    except CommandError as failed:
        terminal.note(harmless(str(failed)), "red")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _connect(options: argparse.Namespace, known: Way | None) -> Connect:
    """Opened when a command needs it: not all do."""

    def connect(*, asks: bool = False) -> AbstractContextManager[Gateway]:
        way = _on_top(known or _environment(), options)
        return connected(way, getattr(options, "timeout", _ASKING_SECONDS if asks else _SECONDS), asks=asks)

    return connect


def _environment() -> Way:
    try:
        return Way()
    except ValidationError as wrong:
        names = ", ".join(str(error["loc"][0]) for error in wrong.errors())
        raise CommandError(f"The environment is wrong: {names}.") from None


def _on_top(way: Way, options: argparse.Namespace) -> Way:
    """With what the command line says."""
    given = {name: getattr(options, name) for name in ("target", "token") if hasattr(options, name)}
    return way.model_copy(update=given)
