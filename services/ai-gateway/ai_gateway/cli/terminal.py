"""Where a command writes: what it found to standard output, everything else to standard error."""

import sys
import unicodedata
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.table import Table

# No line is folded on its way to another program.
_PIPED_COLUMNS = 1000


@dataclass(frozen=True, slots=True)
class Terminal:
    """Nothing that is printed is read as markup: much of it comes from elsewhere."""

    out: Console
    err: Console

    @classmethod
    def standard(cls) -> Self:
        """This process's own."""
        width = None if sys.stdout.isatty() else _PIPED_COLUMNS
        plain = {"markup": False, "emoji": False, "highlight": False}
        return cls(Console(width=width, **plain), Console(width=width, stderr=True, **plain))  # type: ignore[arg-type]

    def table(self, table: Table) -> None:
        """A table of results."""
        self.out.print(table)

    def say(self, text: str, style: str = "") -> None:
        """One line of results, however long."""
        self.out.print(text, style=style or None, soft_wrap=True)

    def note(self, text: str, style: str = "dim") -> None:
        """One line beside the results."""
        self.err.print(text, style=style, soft_wrap=True)

    def stream(self, text: str) -> None:
        """Words as they come."""
        self.out.file.write(harmless(text))
        self.out.file.flush()


def columns(*headings: str) -> Table:
    """A table as the rest of the project draws them; a heading that begins with `>` is of figures."""
    told = any(heading.removeprefix(">") for heading in headings)
    table = Table(box=None, show_header=told, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        figures = heading.startswith(">")
        table.add_column(
            heading.removeprefix(">"),
            justify="right" if figures else "left",
            no_wrap=figures,
            overflow="fold",
        )
    return table


def harmless(text: str) -> str:
    """Without what a terminal would obey: control characters, but for line ends and tabs."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) != "Cc")
