"""What the AI bench tells: a table of all sides, figures beside their goals, and the same for the docs."""

import os
import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.bench.ai_load import Outcome
from tests.bench.ai_stack import OURS
from tests.bench.figures import Figure, at_least, at_most, items, markdown, print_result, told, write_page
from tests.bench.sides import Kind
from tests.bench.svg import Bar, Panel, chart

if TYPE_CHECKING:
    from tests.bench.ai import Run

MANY = 32
STUB = "stub alone"
_HEADER = (
    "side", "start s", "RSS MB", "p50 / p99 ms at 1", f"p50 / p99 ms at {MANY}", f"calls/s at {MANY}",
    "first token p50 ms", f"streams/s at {MANY}", "cache hit p50 ms", "hits/s", "client µs",
)  # fmt: skip
_NOTES = f"""\
One machine of {os.cpu_count()} cores has everything: side, stub, stores and client. The client is one for all
sides, written by hand on asyncio (`tests/bench/wires.py`): HTTP/1.1 for the peers, gRPC for ours; `client µs`
is the CPU time that it took for a call at {MANY}. Ours is two processes on one port with identity, cache,
PostgreSQL (writes synced), metering, egress record and one trace in twenty exported; the peers have no
database. Every question is a new one, but for cache hits: 16 questions of each caller, and ours come from 8
organizations. Streams have 216 events. RSS is after all load, of each side's processes; our PostgreSQL and
Valkey are not in it. The figures are medians over the rounds."""


class Findings:
    """Medians over the rounds of a run."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    def median(
        self, side: str, kind: Kind, connections: int, pick: Callable[[Outcome], float]
    ) -> float | None:
        """None where the side was not asked that."""
        outcomes = self._run.outcomes.get((side, kind, connections))
        return statistics.median(map(pick, outcomes)) if outcomes else None

    def known(self, side: str, kind: Kind, connections: int, pick: Callable[[Outcome], float]) -> float:
        """The same of a side that was asked it."""
        value = self.median(side, kind, connections, pick)
        if value is None:
            raise LookupError(f"{side} was not asked for {kind.value}")
        return value

    def passed_on(self, side: str, kind: Kind) -> float:
        """The share of the questions that reached the stub."""
        return statistics.fmean(self._run.passed_on[side, kind])


def p50(outcome: Outcome) -> float:
    """Milliseconds."""
    return outcome.p50


def p99(outcome: Outcome) -> float:
    """Milliseconds."""
    return outcome.p99


def rate(outcome: Outcome) -> float:
    """Calls a second."""
    return outcome.rate


def first_p50(outcome: Outcome) -> float:
    """Milliseconds to the first token."""
    return outcome.first_p50


def client_us(outcome: Outcome) -> float:
    """CPU time of the client, in microseconds a call."""
    return outcome.client_us


def tell(console: Console, run: "Run", *, docs: bool) -> None:
    """Prints everything, and writes it to docs/bench if asked to."""
    found = Findings(run)
    table = Table(*_HEADER)
    lines = rows(run, found)
    for line in lines:
        table.add_row(*line)
    Console(width=max(console.width, 170)).print(table)
    remarks = [*_remarks(run, found)]
    console.print(_NOTES, style="dim")
    for remark in remarks:
        console.print(remark, style="yellow")
    if docs:
        _write_docs(run, found, lines, remarks)
    print_result(figures(run, found))


def rows(run: "Run", found: Findings) -> list[list[str]]:
    """One line a side, and one for each that is absent."""
    lines = []
    for name, side in run.sides.items():
        lines.append(
            [
                name,
                _told(side.cold_start, "{:.1f}"),
                " + ".join(f"{size:.0f}" for size in run.megabytes[name]),
                _pair(found, name, 1),
                _pair(found, name, MANY),
                _told(found.median(name, Kind.PLAIN, MANY, rate)),
                _told(found.median(name, Kind.STREAM, 1, first_p50), "{:.2f}"),
                _told(found.median(name, Kind.STREAM, MANY, rate)),
                _told(found.median(name, Kind.KEPT, 1, p50), "{:.2f}"),
                _told(found.median(name, Kind.KEPT, MANY, rate)),
                _told(found.median(name, next(iter(side.asks)), MANY, client_us)),
            ]
        )
    return lines + [[f"{name}: absent", *[""] * (len(_HEADER) - 1)] for name in run.absent]


def _pair(found: Findings, name: str, connections: int) -> str:
    low = _told(found.median(name, Kind.PLAIN, connections, p50), "{:.2f}")
    high = _told(found.median(name, Kind.PLAIN, connections, p99), "{:.2f}")
    return f"{low} / {high}" if low else ""


def _told(value: float | None, form: str = "{:,.0f}") -> str:
    return "" if value is None else form.format(value)


def figures(run: "Run", found: Findings) -> list[Figure]:
    """Ours beside the goals of the design, then beside each peer."""
    added = [
        found.known(OURS, Kind.PLAIN, connections, pick) - found.known(STUB, Kind.PLAIN, connections, pick)
        for connections, pick in ((1, p50), (1, p99), (MANY, p99))
    ]
    first = found.known(OURS, Kind.STREAM, 1, first_p50) - found.known(STUB, Kind.STREAM, 1, first_p50)
    return [
        at_most("added_latency_p50_at_1", added[0], "ms", 1),
        at_most("added_latency_p99_at_1", added[1], "ms", 3),
        at_most("added_latency_p99_at_32", added[2], "ms", 15),
        at_least("throughput_uncached", found.known(OURS, Kind.PLAIN, MANY, rate), "calls/s", 2500),
        at_most("cache_hit_p50", found.known(OURS, Kind.KEPT, 1, p50), "ms", 0.9),
        at_least("cache_hits", found.known(OURS, Kind.KEPT, MANY, rate), "calls/s", 4000),
        at_most("added_first_token_p50", first, "ms", 1),
        at_least("streams_of_216_events", found.known(OURS, Kind.STREAM, MANY, rate), "streams/s", 600),
        at_most("memory_of_a_process", max(run.megabytes[OURS]), "MB", 130),
        told("cold_start", run.sides[OURS].cold_start or 0, "s"),
        # Without these two the other figures would mean nothing.
        at_least("uncached_calls_that_reached_claude", found.passed_on(OURS, Kind.PLAIN), "share", 0.99),
        at_most("cache_hits_that_reached_claude", found.passed_on(OURS, Kind.KEPT), "share", 0.01),
        told("failures", sum(_failures(run, OURS)), "calls"),
        *_ratios(run, found),
    ]


_RATIOS = (
    ("throughput", Kind.PLAIN, MANY, rate, True),
    ("p50_at_1", Kind.PLAIN, 1, p50, False),
    ("p99_at_32", Kind.PLAIN, MANY, p99, False),
    ("first_token_p50", Kind.STREAM, 1, first_p50, False),
    ("streams", Kind.STREAM, MANY, rate, True),
    ("cache_hit_p50", Kind.KEPT, 1, p50, False),
    ("cache_hits", Kind.KEPT, MANY, rate, True),
)


def _ratios(run: "Run", found: Findings) -> list[Figure]:
    """How many times better ours is than each peer; below 1 it is worse."""
    ratios = []
    for name in run.sides:
        if name in (OURS, STUB):
            continue
        for label, kind, connections, pick, more_is_better in _RATIOS:
            theirs, ours = (
                found.median(name, kind, connections, pick),
                found.median(OURS, kind, connections, pick),
            )
            if not theirs or not ours:
                continue
            ratio = ours / theirs if more_is_better else theirs / ours
            full = f"{label}_beside_{_identifier(name)}"
            goal = label == "throughput" and name.startswith("LiteLLM")
            ratios.append(at_least(full, ratio, "times", 10) if goal else told(full, ratio, "times"))
    return ratios


def _identifier(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name.lower()).replace("__", "_")


def _failures(run: "Run", name: str) -> list[int]:
    return [item.failures for key, items in run.outcomes.items() if key[0] == name for item in items]


def _remarks(run: "Run", found: Findings) -> list[str]:
    """What a reader of the table must know."""
    remarks = [f"{name} is absent: {reason}" for name, reason in run.absent.items()]
    for name, kind in run.passed_on:
        share = found.passed_on(name, kind)
        if (share > 0.01) if kind is Kind.KEPT else (share < 0.99):
            remarks.append(f"{name}: {share:.0%} of its {kind.value} questions reached the stub.")
    for key, outcomes in run.outcomes.items():
        failed = sum(outcome.failures for outcome in outcomes)
        if failed:
            why = next(outcome.failure for outcome in outcomes if outcome.failures)
            remarks.append(f"{key[0]}: {failed} {key[1].value} calls failed at {key[2]}: {why[:200]}")
    return remarks


def _write_docs(run: "Run", found: Findings, lines: list[list[str]], remarks: list[str]) -> None:
    body = f"{markdown(_HEADER, lines)}\n{_NOTES}\n\n{items(remarks)}"
    write_page("ai", "The AI gateway beside its peers", body, figures(run, found), _drawing(run, found))


def _drawing(run: "Run", found: Findings) -> str:
    panels = [
        _panel(run, found, f"calls a second, {MANY} at once", (Kind.PLAIN, MANY, rate), "{:,.0f}"),
        _panel(run, found, "median latency of one call, ms", (Kind.PLAIN, 1, p50), "{:.2f}"),
        _panel(
            run,
            found,
            f"streams of 216 events a second, {MANY} at once",
            (Kind.STREAM, MANY, rate),
            "{:,.0f}",
        ),
        _panel(run, found, f"cache hits a second, {MANY} at once", (Kind.KEPT, MANY, rate), "{:,.0f}"),
    ]
    note = (
        f"One machine of {os.cpu_count()} cores, one constant stub, rounds interleaved. Ours: the full path."
    )
    return chart("The AI gateway beside its peers", note, panels)


def _panel(
    run: "Run", found: Findings, title: str, what: tuple[Kind, int, Callable[[Outcome], float]], form: str
) -> Panel:
    values = {name: found.median(name, *what) for name in run.sides if name != STUB}
    bars = [
        Bar(name, value, form.format(value), "ours" if name == OURS else "bar")
        for name, value in values.items()
        if value is not None
    ]
    return Panel(title, bars)
