"""`bloom-ai usage`: who spent what, as a table, as a plot, or as JSON."""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.table import Table

from ai_gateway.cli import plot, svg
from ai_gateway.cli.connection import Connect, Gateway
from ai_gateway.cli.figures import count, dollars, percent
from ai_gateway.cli.problems import CommandError
from ai_gateway.cli.terminal import Terminal, columns
from bloom.ai.v1 import ai_service_pb2
from service_runtime.timestamps import timestamp

KEYS = ("day", "caller", "task", "model")
_MOST_DAYS = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls and what they used; money in micro-USD. `cached` of the calls were answered without Claude."""

    calls: int = 0
    cached: int = 0
    input: int = 0
    cache_read: int = 0
    output: int = 0
    cost: int = 0
    list_cost: int = 0

    @property
    def saved(self) -> int:
        """Against the list price, which knows no cache; negative where a cache cost more than it gave."""
        return self.list_cost - self.cost

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(
            self.calls + other.calls, self.cached + other.cached, self.input + other.input,
            self.cache_read + other.cache_read, self.output + other.output, self.cost + other.cost,
            self.list_cost + other.list_cost,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What one caller used on a day for a task with a model."""

    day: str
    caller: str
    task: str
    model: str
    used: Sum


def usage(options: argparse.Namespace, connect: Connect, terminal: Terminal) -> int:
    """The command."""
    with connect() as gateway:
        lines = read(gateway, options.since, options.until)
    start, end = options.since, options.until or datetime.now(UTC)
    if options.json:
        terminal.say(_json(lines, options.by, start, end))
    else:
        _show(lines, options.by, start, end, terminal)
    if options.svg is not None:
        _write_plot(options.svg, lines, start, end)
        terminal.note(f"plot: {options.svg}")
    return 0


def read(gateway: Gateway, start: datetime, end: datetime | None) -> list[Line]:
    """Of [start, end), to now where no end is given. Raises CommandError for a span that is none."""
    upto = end or datetime.now(UTC)
    if start >= upto:
        raise CommandError("--since must lie before --until, and not in the future.")
    if upto - start > _MOST_DAYS:
        raise CommandError("A report spans 366 days at most: give a later --since, or an earlier --until.")
    request = ai_service_pb2.ListUsageRequest(
        start_time=timestamp(start), end_time=timestamp(end) if end is not None else None
    )
    return [_line(row) for row in gateway.call(gateway.stub.ListUsage, request).rows]


def total(lines: Iterable[Line]) -> Sum:
    """All of them."""
    return sum((line.used for line in lines), Sum())


def grouped(lines: Iterable[Line], keys: Sequence[str]) -> dict[tuple[str, ...], Sum]:
    """Sums by these columns: in the order of days where they are told, else what cost most first."""
    sums: defaultdict[tuple[str, ...], Sum] = defaultdict(Sum)
    for line in lines:
        sums[tuple(getattr(line, key) for key in keys)] += line.used
    if "day" in keys:
        place = list(keys).index("day")
        return dict(sorted(sums.items(), key=lambda item: (item[0][place], -item[1].cost, item[0])))
    return dict(sorted(sums.items(), key=lambda item: (-item[1].cost, -item[1].list_cost, item[0])))


def _line(row: ai_service_pb2.DailyUsage) -> Line:
    spent, used = row.usage, row.usage.usage
    written = used.cache_write_5m_tokens + used.cache_write_1h_tokens
    return Line(
        row.day,
        " by ".join(name for name in (row.subject, row.workload) if name),
        spent.task,
        spent.model,
        Sum(
            spent.calls,
            spent.cached_calls,
            used.input_tokens + written,
            used.cache_read_tokens,
            used.output_tokens,
            spent.cost_micro_usd,
            spent.list_cost_micro_usd,
        ),
    )


def _show(
    lines: Sequence[Line], keys: Sequence[str], start: datetime, end: datetime, terminal: Terminal
) -> None:
    terminal.say(f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC", "dim")
    if not lines:
        terminal.say("No calls, no cost.")
        return
    terminal.table(_table(lines, keys))
    terminal.say("")
    terminal.table(plot.bars(plot.points(_by_day(lines), start, end)))


def _table(lines: Sequence[Line], keys: Sequence[str]) -> Table:
    table = columns(
        *keys, ">calls", ">cached", ">input", ">cached input", ">output", ">cost", ">saved", ">of list"
    )
    for names, used in grouped(lines, keys).items():
        table.add_row(*names, *_figures(used))
    table.add_row("in all", *[""] * (len(keys) - 1), *_figures(total(lines)), style="bold")
    return table


def _figures(used: Sum) -> tuple[str, ...]:
    return (
        count(used.calls), percent(used.cached, used.calls), count(used.input), count(used.cache_read),
        count(used.output), dollars(used.cost), dollars(used.saved), percent(used.saved, used.list_cost),
    )  # fmt: skip


def _by_day(lines: Iterable[Line]) -> dict[date, Sum]:
    return {date.fromisoformat(day): used for (day,), used in grouped(lines, ("day",)).items()}


def _json(lines: Sequence[Line], keys: Sequence[str], start: datetime, end: datetime) -> str:
    """Money in micro-USD, as integers."""
    rows = [
        {**dict(zip(keys, names, strict=True)), **_fields(used)}
        for names, used in grouped(lines, keys).items()
    ]
    found = {"start": start.isoformat(), "end": end.isoformat(), "rows": rows, "total": _fields(total(lines))}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _fields(used: Sum) -> dict[str, int]:
    return {
        "calls": used.calls, "cached_calls": used.cached, "input_tokens": used.input,
        "cache_read_tokens": used.cache_read, "output_tokens": used.output, "cost_micro_usd": used.cost,
        "list_cost_micro_usd": used.list_cost,
    }  # fmt: skip


def _write_plot(file: Path, lines: Sequence[Line], start: datetime, end: datetime) -> None:
    note = f"{dollars(total(lines).cost)} from {start:%Y-%m-%d} to {end:%Y-%m-%d} UTC"
    drawing = svg.plot("What Claude cost, by day", note, plot.points(_by_day(lines), start, end, most=366))
    try:
        file.write_text(drawing, encoding="utf-8")
    except OSError as failed:
        raise CommandError(f"{file} cannot be written: {failed.strerror}.") from None
