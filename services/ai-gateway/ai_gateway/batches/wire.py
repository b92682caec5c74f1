"""The Message Batches API: its few endpoints, as bytes, and what Claude says of a batch.

https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime

from ai_gateway.claude.destination import BATCHES, Destination, is_batch_id
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.upstream import Exchange, Leaving, Upstream

_log = logging.getLogger("bloom.ai.batches")
_PAGE = 100
# A page that leads back to itself must not keep us for ever.
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class UpstreamBatch:
    """A batch as Claude has it. `status` is `in_progress`, `canceling` or `ended`."""

    id: str
    status: str
    item_count: int
    created_at: datetime
    ended_at: datetime | None
    results_url: str
    simulated: bool

    @property
    def ended(self) -> bool:
        """Whether there are results."""
        return self.status == "ended"


class BatchWire:
    """Each exchange but the results ends within `seconds`; those end when nothing comes for that long."""

    def __init__(self, upstream: Upstream, destination: Destination, seconds: float) -> None:
        self._upstream = upstream
        self._destination = destination
        self._seconds = seconds

    def leaving(self, content: bytes) -> Leaving:
        """A batch as it leaves. Raises ClaudeError NOT_OFFERED where this way to Claude takes none."""
        return self._upstream.leaving(BATCHES, content)

    async def create(self, leaving: Leaving) -> UpstreamBatch:
        """Sends a batch. Raises ClaudeError."""
        return await self._told(self._upstream.send(leaving))

    async def retrieve(self, batch_id: str) -> UpstreamBatch:
        """As it stands. Raises ClaudeError."""
        return await self._told(self._upstream.fetch(_path(batch_id)))

    async def cancel(self, batch_id: str) -> UpstreamBatch:
        """Asks for its end. Raises ClaudeError."""
        leaving = self._upstream.leaving(f"{_path(batch_id)}/cancel", b"")
        return await self._told(self._upstream.send(leaving))

    async def created_since(self, moment: datetime) -> list[UpstreamBatch]:
        """All of the account's that are not older, newest first. Raises ClaudeError."""
        found: list[UpstreamBatch] = []
        after = ""
        for _ in range(_MOST_PAGES):
            page, simulated = await self._body(self._upstream.fetch(f"{BATCHES}?limit={_PAGE}{after}"))
            rows = page.get("data")
            if not isinstance(rows, list):
                raise ClaudeError(FaultKind.MALFORMED)
            batches = [_batch(row, simulated=simulated) for row in rows]
            found += [batch for batch in batches if batch.created_at >= moment]
            if not page.get("has_more") or not batches or batches[-1].created_at < moment:
                return found
            after = f"&after_id={batches[-1].id}"
        raise ClaudeError(FaultKind.MALFORMED)

    async def results(self, batch: UpstreamBatch) -> AsyncGenerator[bytes, None]:
        """The lines of an ended batch's results, in no order. Raises ClaudeError."""
        exchange = await self._upstream.fetch(self.results_path(batch))
        try:
            async with aclosing(exchange.lines()) as lines:
                async for line in lines:
                    if line.strip():
                        yield line
        finally:
            await exchange.close()

    def results_path(self, batch: UpstreamBatch) -> str:
        """Where they are asked for: an address that Claude's answer names is compared, and never followed."""
        path = f"{_path(batch.id)}/results"
        if batch.results_url != self._destination.url + path or not self._destination.admits(
            batch.results_url
        ):
            _log.error(
                "Claude names another address for results; it is not followed", extra={"batch": batch.id}
            )
        return path

    async def _told(self, asked: Awaitable[Exchange]) -> UpstreamBatch:
        told, simulated = await self._body(asked)
        return _batch(told, simulated=simulated)

    async def _body(self, asked: Awaitable[Exchange]) -> tuple[Mapping[str, object], bool]:
        try:
            async with asyncio.timeout(self._seconds):
                exchange = await asked
                try:
                    body = json.loads(await exchange.body())
                finally:
                    await exchange.close()
        except TimeoutError as late:
            raise ClaudeError(FaultKind.TIMED_OUT) from late
        except ValueError as broken:
            raise ClaudeError(FaultKind.MALFORMED) from broken
        if not isinstance(body, Mapping):
            raise ClaudeError(FaultKind.MALFORMED)
        return body, exchange.gathering.simulated


def _path(batch_id: str) -> str:
    return f"{BATCHES}/{batch_id}"


def _batch(told: object, *, simulated: bool) -> UpstreamBatch:
    try:
        return _read(told, simulated=simulated)
    except (ValueError, KeyError, TypeError) as broken:
        raise ClaudeError(FaultKind.MALFORMED) from broken


def _read(told: object, *, simulated: bool) -> UpstreamBatch:
    if not isinstance(told, Mapping) or not is_batch_id(str(told["id"])):
        raise ValueError("no batch")
    ended_at = told["ended_at"]
    return UpstreamBatch(
        str(told["id"]),
        str(told["processing_status"]),
        sum(int(count) for count in told["request_counts"].values()),
        _moment(told["created_at"]),
        _moment(ended_at) if ended_at is not None else None,
        str(told.get("results_url") or ""),
        simulated,
    )


def _moment(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
