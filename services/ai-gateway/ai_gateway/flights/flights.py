"""Equal questions at once are asked once: in this process by one task, between processes by one lead.

The task belongs to nobody: who asked first may leave, and the others still get their answer. It ends when it
has one, or when nobody is left to want it, here or in another process.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from uuid import uuid4

from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Reply
from ai_gateway.flights.board import Board, Route
from ai_gateway.flights.flight import Flight, Landed, Led, Source
from ai_gateway.money.tokens import NOTHING
from service_runtime import deadlines

# Asks Claude: gives the pieces of the answer to the function as they come, and the whole in the end.
Emit = Callable[[str], None]
Lead = Callable[[Emit], Awaitable[Led]]
# A lead is lost three times later, so that a busy process keeps it.
_RENEW_SECONDS = 0.5
_GRACE_SECONDS = 0.1


@dataclass(slots=True)
class _Departure:
    """A flight with the task that flies it. `token` while this process leads it before all others."""

    flight: Flight
    task: "asyncio.Task[None]"
    token: str = ""
    publisher: "asyncio.Task[None] | None" = None


class Seat:
    """A passenger's place; its time ends at `ends_at`, on the event loop's clock."""

    def __init__(
        self, flight: Flight, ends_at: float, on_leaving: Callable[[], object], *, first: bool
    ) -> None:
        self._flight = flight
        self._ends_at = ends_at
        self._on_leaving = on_leaving
        self._first = first
        self._left = False

    def texts(self) -> AsyncIterator[str]:
        """The answer as it comes. Raises ClaudeError, DomainError."""
        return self._flight.texts(self._ends_at)

    def leave(self) -> None:
        """Gives the place back, at once and once."""
        if not self._left:
            self._left = True
            self._on_leaving()

    async def landed(self) -> Landed:
        """The answer. Raises ClaudeError, DomainError."""
        led = await self._flight.landing(self._ends_at)
        source = self._flight.source
        if source is Source.UPSTREAM and not self._first:
            source = Source.COALESCED
        return Landed(led.reply, led.spent if source is Source.UPSTREAM else NOTHING, source)


class Flights:
    """A question may take `seconds`, whoever waits for it. Without `share` each flies alone. `close` it."""

    def __init__(self, board: Board, seconds: float, *, share: bool = True) -> None:
        self.board = board
        self._seconds = seconds
        self._share = share
        self._departures: dict[Route, _Departure] = {}
        self._by_token: dict[str, _Departure] = {}
        self._renewing = asyncio.create_task(self._renew())
        self._leaving: set[asyncio.Task[None]] = set()
        board.tell_followed(self._followed)

    @asynccontextmanager
    async def joined(self, route: Route, lead: Lead) -> AsyncIterator[Seat]:
        """A seat on the flight of this question; `lead` is called where this process asks it first."""
        if not self._share:
            route = replace(route, lane=uuid4().hex)
        departure = self._departures.get(route)
        first = departure is None
        if departure is None:
            flight = Flight()
            departure = _Departure(flight, asyncio.create_task(self._fly(route, flight, lead)))
            self._departures[route] = departure
        departure.flight.passengers += 1
        seat = Seat(departure.flight, self._ends_at(), partial(self._left, route, departure), first=first)
        try:
            yield seat
        finally:
            seat.leave()

    @asynccontextmanager
    async def alone(self, lead: Lead) -> AsyncIterator[Seat]:
        """The same for a question that is not to be shared."""
        flight = Flight()

        async def fly() -> None:
            deadlines.set_remaining(self._seconds)
            try:
                flight.land(await lead(flight.emit), Source.UPSTREAM)
            except Exception as failure:  # noqa: BLE001 its passenger gets it
                flight.fail(failure)

        task = asyncio.create_task(fly())
        seat = Seat(flight, self._ends_at(), task.cancel, first=True)
        try:
            yield seat
        finally:
            seat.leave()

    def _ends_at(self) -> float:
        """A moment after the flight's own end, so that a late Claude is told as such, or the caller's."""
        mine = min(self._seconds + _GRACE_SECONDS, deadlines.for_next_hop(self._seconds + 1))
        return asyncio.get_running_loop().time() + mine

    def _left(self, route: Route, departure: _Departure) -> None:
        departure.flight.passengers -= 1
        if not departure.flight.passengers and not departure.flight.ended:
            self._deserted(route, departure)

    async def close(self) -> None:
        """Ends every flight."""
        tasks = [self._renewing, *self._leaving, *(departure.task for departure in self._departures.values())]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fly(self, route: Route, flight: Flight, lead: Lead) -> None:
        deadlines.set_remaining(self._seconds)
        try:
            async with asyncio.timeout(self._seconds):
                while not await self._attempt(route, flight, lead):
                    flight.begin_again()
        except TimeoutError:
            flight.fail(ClaudeError(FaultKind.TIMED_OUT))
        except Exception as failure:  # noqa: BLE001 its passengers get it
            flight.fail(failure)
        finally:
            self._departures.pop(route, None)

    async def _attempt(self, route: Route, flight: Flight, lead: Lead) -> bool:
        """Whether it has landed; if not, a leader in another process is gone."""
        claimed = await self.board.claim(route)
        if claimed.hit is not None:
            for part in claimed.hit.parts:
                flight.emit(part)
            flight.land(Led(claimed.hit), Source.CACHE)
            return True
        if claimed.leads:
            await self._lead(route, flight, claimed.token, lead)
            return True
        async for heard in self.board.heard(route, claimed.token):
            if isinstance(heard, Reply):
                _complete(flight, heard)
                flight.land(Led(heard), Source.COALESCED)
                return True
            flight.emit(heard)
        return False

    async def _lead(self, route: Route, flight: Flight, token: str, lead: Lead) -> None:
        departure = self._departures[route]
        departure.token = token
        if token:
            self._by_token[token] = departure
        try:
            led = await lead(flight.emit)
        except BaseException:
            await self._settled(departure)
            await self.board.leave(route, token)
            raise
        await self._settled(departure)
        await self.board.land(route, token, led.reply, keep=led.keep)
        _complete(flight, led.reply)
        flight.land(led, Source.UPSTREAM)

    async def _settled(self, departure: _Departure) -> None:
        """No renewal and no publication any more."""
        self._by_token.pop(departure.token, None)
        departure.token = ""
        if departure.publisher is not None:
            departure.publisher.cancel()
            await asyncio.gather(departure.publisher, return_exceptions=True)

    def _followed(self, token: str) -> None:
        departure = self._by_token.get(token)
        if departure is not None and departure.publisher is None:
            departure.publisher = asyncio.create_task(self._publish(departure.flight, token))

    async def _publish(self, flight: Flight, token: str) -> None:
        """All pieces so far, then those that come, together as they wait."""
        with contextlib.suppress(ClaudeError):
            async for text in flight.texts():
                await self.board.publish(token, text)

    def _deserted(self, route: Route, departure: _Departure) -> None:
        """Nobody here waits any more."""
        if not departure.token:
            departure.task.cancel()
            return
        leaving = asyncio.create_task(self._leave_unless_followed(route, departure))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    async def _leave_unless_followed(self, route: Route, departure: _Departure) -> None:
        token = departure.token
        followed = bool(token) and await self.board.renew(route, token)
        if not followed and not departure.flight.passengers:
            departure.task.cancel()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            for route, departure in list(self._departures.items()):
                token = departure.token
                if not token:
                    continue
                followed = await self.board.renew(route, token)
                if followed:
                    self._followed(token)
                elif not departure.flight.passengers and departure.token:
                    departure.task.cancel()


def _complete(flight: Flight, reply: Reply) -> None:
    """Where pieces were not published, or not all, the answer has them."""
    told = "".join(flight.pieces)
    if reply.text.startswith(told) and len(told) < len(reply.text):
        flight.emit(reply.text[len(told) :])
