"""Spans of the mesh: the last traces in memory, all of them in a bounded file."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local_mesh.logs import RotatingFile

MAX_TRACES = 500
MAX_SPANS = 2_000
"""Of one trace; more are only in the file."""


@dataclass(frozen=True, slots=True)
class Span:
    """One finished span. Times are nanoseconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    name: str
    kind: str
    """`server`, `client`, `producer`, `consumer` or `internal`."""
    start_ns: int
    end_ns: int
    failed: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9


class TraceStore:
    """Takes spans in any order; forgets the oldest trace first."""

    def __init__(self, path: Path, *, max_traces: int = MAX_TRACES, max_spans: int = MAX_SPANS) -> None:
        self._file = RotatingFile(path)
        self._traces: OrderedDict[str, list[Span]] = OrderedDict()
        self._max_traces = max_traces
        self._max_spans = max_spans

    def add(self, spans: Iterable[Span]) -> None:
        for span in spans:
            self._file.write(json.dumps(asdict(span), separators=(",", ":")))
            kept = self._traces.setdefault(span.trace_id, [])
            if len(kept) < self._max_spans:
                kept.append(span)
        while len(self._traces) > self._max_traces:
            self._traces.popitem(last=False)

    def trace(self, trace_id: str) -> tuple[Span, ...]:
        """The spans of a trace that have arrived so far, by start time."""
        return tuple(sorted(self._traces.get(trace_id, ()), key=lambda span: span.start_ns))

    def close(self) -> None:
        self._file.close()


def read_trace(path: Path, trace_id: str) -> tuple[Span, ...]:
    """The same from the file, for a process that is not the supervisor."""
    found = [span for span in _read(path) if span.trace_id == trace_id]
    return tuple(sorted(found, key=lambda span: span.start_ns))


def _read(path: Path) -> Iterator[Span]:
    for file in (path.with_name(path.name + ".1"), path):
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                # The last line may still be in the middle of being written.
                yield from (Span(**json.loads(line)) for line in lines if line.endswith("\n"))
