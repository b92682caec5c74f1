"""One question under way in this process: what has come of its answer, and who waits for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum, auto

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Reply
from ai_gateway.money.tokens import NOTHING, Spent


class Source(Enum):
    """Where an answer came from."""

    UPSTREAM = auto()
    CACHE = auto()
    COALESCED = auto()


@dataclass(frozen=True, slots=True)
class Led:
    """What a leader brings: the answer, what was paid for it, and whether it may be kept."""

    reply: Reply = field(repr=False)
    spent: Spent = NOTHING
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Landed:
    """What a passenger gets. Only who led has spent anything."""

    reply: Reply = field(repr=False)
    spent: Spent
    source: Source


class Flight:
    """Its passengers read at their own pace, each from the beginning, and whatever waits at once."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        # Counts the beginnings: a new leader's answer is another text.
        self.beginnings = 0
        self.passengers = 0
        self.led: Led | None = None
        self.source = Source.UPSTREAM
        self.failure: Exception | None = None
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def ended(self) -> bool:
        """Landed or failed."""
        return self.led is not None or self.failure is not None

    def emit(self, text: str) -> None:
        """The next piece of the answer."""
        self.pieces.append(text)
        self._wake()

    def begin_again(self) -> None:
        """The leader is gone, and somebody else leads."""
        self.pieces.clear()
        self.beginnings += 1
        self._wake()

    def land(self, led: Led, source: Source) -> None:
        """Here is the answer."""
        self.led, self.source = led, source
        self._wake()

    def fail(self, failure: Exception) -> None:
        """There is none."""
        self.failure = failure
        self._wake()

    async def texts(self, ends_at: float | None = None) -> AsyncIterator[str]:
        """Everything from the beginning until the end. Raises what the flight failed with.

        Raises ClaudeError CUT, begun, when it began anew after a part was read here; TIMED_OUT when nothing
        more is there by then (on the event loop's clock).
        """
        beginning, at = self.beginnings, 0
        while True:
            if beginning != self.beginnings:
                if at:
                    raise ClaudeError(FaultKind.CUT, began=True)
                beginning = self.beginnings
            if at < len(self.pieces):
                waiting, at = "".join(self.pieces[at:]), len(self.pieces)
                yield waiting
            elif self.failure is not None:
                raise self.failure
            elif self.led is not None:
                return
            else:
                await self._changed(ends_at)

    async def landing(self, ends_at: float | None = None) -> Led:
        """The end. Raises what the flight failed with, and ClaudeError TIMED_OUT."""
        while self.led is None:
            if self.failure is not None:
                raise self.failure
            await self._changed(ends_at)
        return self.led

    async def _changed(self, ends_at: float | None) -> None:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(change)
        try:
            async with asyncio.timeout_at(ends_at):
                await change
        except TimeoutError:
            raise ClaudeError(FaultKind.TIMED_OUT, began=True) from None

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            if not change.done():
                change.set_result(None)
