"""A trace as a waterfall in the terminal: who waited for whom, and how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from local_mesh.traces import Span

_COLOURS = {
    "gateway": "bright_yellow",
    "auth": "magenta",
    "contracts": "cyan",
    "contracts-worker": "bright_cyan",
    "ai-gateway": "green",
    "simulator": "bright_black",
}
_ALIKE_SHOWN = 2
"""Of siblings that do the same, so many are shown one by one; the rest become one row."""
_NAME_LENGTH = 44


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the waterfall: a span, or several alike folded into one."""

    depth: int
    spans: tuple[Span, ...]

    @property
    def first(self) -> Span:
        return self.spans[0]

    @property
    def start_ns(self) -> int:
        return min(span.start_ns for span in self.spans)

    @property
    def end_ns(self) -> int:
        return max(span.end_ns for span in self.spans)

    @property
    def failed(self) -> bool:
        return any(span.failed for span in self.spans)


def rows(spans: Sequence[Span]) -> list[Row]:
    """Depth first, children by start time. A span whose parent is not there is a root: the client made it."""
    known = {span.span_id for span in spans}
    children: defaultdict[str, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: span.start_ns):
        children[span.parent_id if span.parent_id in known else ""].append(span)
    return list(_below("", 0, children))


def _below(parent: str, depth: int, children: dict[str, list[Span]]) -> Iterator[Row]:
    for alike in _folded(children.get(parent, []), children):
        yield Row(depth, alike)
        if len(alike) == 1:
            yield from _below(alike[0].span_id, depth + 1, children)


def _folded(siblings: list[Span], children: dict[str, list[Span]]) -> Iterator[tuple[Span, ...]]:
    """Leaves alike beyond the first ones become one row, where the first of them was."""
    leaves: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    for span in siblings:
        if not children.get(span.span_id):
            leaves[span.service, span.name].append(span)
    folded = {
        key: tuple(found[_ALIKE_SHOWN:]) for key, found in leaves.items() if len(found) > _ALIKE_SHOWN + 1
    }
    for span in siblings:
        rest = folded.get((span.service, span.name), ())
        if span not in rest:
            yield (span,)
        elif span is rest[0]:
            yield rest


def render_waterfall(spans: Sequence[Span], *, width: int = 100, max_rows: int = 60) -> Table:
    """A table of at most `width` columns: service, span, where in time it lies, and how long it took."""
    table = Table(box=None, padding=(0, 1), show_edge=False, header_style="dim", width=width)
    table.add_column("service", no_wrap=True)
    table.add_column("span", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("at", justify="right", no_wrap=True)
    bar_width = max(16, width // 4)
    table.add_column("", width=bar_width, no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    listed = rows(spans)
    if not listed:
        return table
    start, end = min(span.start_ns for span in spans), max(span.end_ns for span in spans)
    for row in listed[:max_rows]:
        table.add_row(*_cells(row, start, end, bar_width))
    if len(listed) > max_rows:
        table.add_row("", Text(f"… and {len(listed) - max_rows} more", "dim"), "", "", "")
    return table


def _cells(row: Row, start: int, end: int, bar_width: int) -> tuple[Text, Text, Text, Text, Text]:
    colour = "red" if row.failed else _COLOURS.get(row.first.service, "white")
    count = f" ×{len(row.spans)}" if len(row.spans) > 1 else ""
    return (
        Text(row.first.service, colour),
        Text("  " * row.depth + _short_name(row.first.name) + count),
        Text(f"{(row.start_ns - start) / 1e6:,.1f}", "dim"),
        _bar(row, start, end, bar_width, colour),
        Text(f"{(row.end_ns - row.start_ns) / 1e6:,.1f} ms"),
    )


def _bar(row: Row, start: int, end: int, width: int, colour: str) -> Text:
    scale = width / max(end - start, 1)
    left = min(int((row.start_ns - start) * scale), width - 1)
    length = max(1, min(round((row.end_ns - row.start_ns) * scale), width - left))
    return Text.assemble(("·" * left, "bright_black"), ("█" * length, colour))


def _short_name(name: str) -> str:
    """`bloom.contracts.v1.ContractService/GetContract` is known by its last two words."""
    service, slash, method = name.rpartition("/")
    short = f"{service.rpartition('.')[2]}/{method}" if slash and service else name
    return short if len(short) <= _NAME_LENGTH else short[: _NAME_LENGTH - 1] + "…"
