"""What was spent day by day, as bars in the terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import dropwhile
from typing import Protocol

from rich.bar import Bar
from rich.table import Table

from ai_gateway.cli.figures import count, dollars
from ai_gateway.cli.periods import days

# More lines than this are no picture; then a bar is a month.
_MOST_BARS = 62
_WIDTH = 50


class Spending(Protocol):
    """Money in micro-USD."""

    @property
    def cost(self) -> int: ...

    @property
    def calls(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Point:
    """A bar: a day (`2026-11-23`), or a month (`2026-11`); `cost` in micro-USD."""

    label: str
    cost: int
    calls: int


def points(
    spent: Mapping[date, Spending], start: datetime, end: datetime, most: int = _MOST_BARS
) -> list[Point]:
    """Every day of [start, end), used or not; by month where they are more than `most`."""
    span = days(start, end)
    form = "%Y-%m-%d" if len(span) <= most else "%Y-%m"
    found = {day.strftime(form): Point(day.strftime(form), 0, 0) for day in span}
    for day, used in spent.items():
        label = day.strftime(form)
        before = found.get(label, Point(label, 0, 0))
        found[label] = Point(label, before.cost + used.cost, before.calls + used.calls)
    return list(found.values())


def bars(drawn: Sequence[Point]) -> Table:
    """One line for each, from the first on which something was asked."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(width=_WIDTH)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True, style="dim")
    largest = max((point.cost for point in drawn), default=0)
    for point in dropwhile(lambda point: not point.calls, drawn):
        bar = Bar(largest, 0, point.cost, width=_WIDTH, color="green") if point.cost else ""
        calls = f"{count(point.calls)} {'call' if point.calls == 1 else 'calls'}" if point.calls else ""
        table.add_row(point.label, bar, dollars(point.cost) if point.calls else "", calls)
    return table
