"""The client's side of a trace: one trace id for the journey, one span for each call."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_mesh.traces import Span, read_trace

_ARRIVAL_SECONDS = 10.0
_ARRIVAL_EVERY = 0.2
_EXPORT_SECONDS = 0.8
"""By then a span that has ended has been exported: nothing says that a trace is whole."""


class JourneyTrace:
    """Hands out `traceparent` headers and keeps the client's own spans."""

    def __init__(self) -> None:
        self.trace_id = secrets.token_hex(16)
        self._spans: list[Span] = []

    @contextmanager
    def call(self, name: str) -> Iterator[str]:
        """The `traceparent` for one call; its span ends with the block."""
        span_id, start = secrets.token_hex(8), time.time_ns()
        try:
            yield f"00-{self.trace_id}-{span_id}-01"
        finally:
            self._spans.append(
                Span(self.trace_id, span_id, "", "web client", name, "client", start, time.time_ns())
            )

    async def collected(self, path: Path, complete: Callable[[Sequence[Span]], bool]) -> tuple[Span, ...]:
        """With the services' spans: all of them, or those that came within ten seconds.

        Services export every half second and Envoy every few, so the file is read until it is complete.
        """
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        spans = await asyncio.to_thread(read_trace, path, self.trace_id)
        while not complete(spans) and time.monotonic() < deadline:
            await asyncio.sleep(_ARRIVAL_EVERY)
            spans = await asyncio.to_thread(read_trace, path, self.trace_id)
        await asyncio.sleep(_EXPORT_SECONDS)
        spans = await asyncio.to_thread(read_trace, path, self.trace_id)
        return (*self._spans, *spans)
