"""The raw output of each component in a bounded file, and its readable form on the console."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from local_mesh.component import Component
from local_mesh.log_lines import LEVELS, LogLine, parse_line

FILE_BYTES = 8 * 1024 * 1024
TAIL_LINES = 20
_LEVEL_STYLES = {10: "dim", 20: "green", 30: "yellow", 40: "bold red", 50: "bold white on red"}


class RotatingFile:
    """Appends lines; at `limit` bytes the file becomes `NAME.1` and a new one begins."""

    def __init__(self, path: Path, limit: int = FILE_BYTES) -> None:
        self._path = path
        self._limit = limit
        self._file: IO[str] = path.open("a", encoding="utf-8", buffering=1)
        self._size = path.stat().st_size

    def write(self, line: str) -> None:
        if self._size > self._limit:
            self._rotate()
        self._file.write(line + "\n")
        self._size += len(line) + 1

    def _rotate(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        self._file = self._path.open("w", encoding="utf-8", buffering=1)
        self._size = 0

    def close(self) -> None:
        self._file.close()


class LogSink:
    """Where the lines of one component go."""

    def __init__(self, component: Component, directory: Path, screen: Screen) -> None:
        self._component = component
        self._screen = screen
        self._file = RotatingFile(directory / f"{component.name}.log")
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._level = "INFO"

    def write(self, raw: str) -> None:
        if not raw.strip():
            return
        self._file.write(raw)
        self._tail.append(raw)
        line = parse_line(raw, self._level)
        self._level = line.level
        self._screen.show(self._component, line)

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines, as they came."""
        return tuple(self._tail)

    def close(self) -> None:
        self._file.close()


class Screen:
    """What the supervisor tells the person in front of it."""

    def __init__(self, console: Console, *, quiet: bool = False, level: int = LEVELS["INFO"]) -> None:
        self.console = console
        self.quiet = quiet
        self.level = level

    def show(self, component: Component, line: LogLine) -> None:
        needed = max(self.level, LEVELS["WARNING"]) if component.chatty else self.level
        hidden = line.trace or any(words in line.message for words in component.unremarkable)
        if not self.quiet and not hidden and line.severity >= needed:
            self.console.print(render_line(component.name, component.colour, line), soft_wrap=True)

    def say(self, message: str, style: str = "") -> None:
        if not self.quiet:
            self.console.print(Text.assemble((f"{'mesh':<18}", "bold"), (message, style)), soft_wrap=True)


def render_line(name: str, colour: str, line: LogLine) -> Text:
    """`contracts  12:03:04.123 INFO   message  key=value …`"""
    text = Text.assemble(
        (f"{name:<18}", colour),
        (f"{line.time} ", "dim"),
        (f"{line.level:<8}", _LEVEL_STYLES[line.severity]),
        line.message,
    )
    for key, value in line.fields:
        text.append(f"  {key}=", "dim").append(value, "cyan")
    if line.detail:
        text.append("\n" + line.detail, "red")
    return text
