"""What was found, for a person: results to standard output, everything else beside them."""

import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from rich.console import Console
from rich.table import Table

from service_runtime.audit_file import Signed, Tally
from service_runtime.chain_file import BrokenChainError

# No line is folded on its way to another program.
_PIPED_COLUMNS = 1000
_ACTIONS_SHOWN = 6


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

    def whole(self, what: str, tally: Tally, signed: Signed, checks: list[str]) -> None:
        """A chain that is what was written; `checks` are what else was proven of it."""
        self.out.print(f"✓ {harmless(what)} is whole", style="bold green", soft_wrap=True)
        self._facts(tally, signed, checks)

    def exported(self, what: str, tally: Tally, signed: Signed) -> None:
        """A file that was written."""
        self.out.print(f"✓ {harmless(what)}", style="bold green", soft_wrap=True)
        self._facts(tally, signed, [])

    def broken(self, what: str, broken: BrokenChainError) -> None:
        """The first thing that is wrong."""
        self.err.print(f"✗ {harmless(what)} is broken", style="bold red", soft_wrap=True)
        self.err.print(f"  {harmless(str(broken))}", style="red", soft_wrap=True)

    def warn(self, text: str) -> None:
        """What could not be proven."""
        self.err.print(f"! {harmless(text)}", style="yellow", soft_wrap=True)

    def fail(self, text: str) -> None:
        """Why a command cannot go on."""
        self.err.print(harmless(text), style="red", soft_wrap=True)

    def _facts(self, tally: Tally, signed: Signed, checks: list[str]) -> None:
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row("  organization", signed.org_id)
        span = f", {moment(tally.first)} to {moment(tally.last)} UTC" if tally.first else ""
        table.add_row("  events", f"{tally.head.seq:,}{span}")
        often = tally.actions.most_common(_ACTIONS_SHOWN)
        rest = len(tally.actions) - len(often)
        told = [f"{number:,} {harmless(action)}" for action, number in often]
        table.add_row("  actions", ", ".join([*told, f"{rest} more"] if rest else told) or "none")
        table.add_row("  head", f"{signed.head.seq}:{signed.head.hash}")
        table.add_row("  signed", f"{moment(signed.at.isoformat())} UTC, key {signed.kid}")
        for check in checks:
            table.add_row("  checked", harmless(check))
        self.out.print(table)


def moment(text: str) -> str:
    """`2026-11-23 10:15:02` of a time in ISO 8601, in UTC."""
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return harmless(text)


def harmless(text: str) -> str:
    """Without what a terminal would obey: control characters."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cc")
