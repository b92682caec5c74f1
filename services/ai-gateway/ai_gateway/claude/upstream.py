"""Requests to the Messages API as bytes, and its answers as they come."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from typing import cast

import httpx2
from anthropic import AsyncAnthropic, AsyncStream
from anthropic._base_client import AsyncAPIClient
from anthropic._streaming import ServerSentEvent
from pydantic import SecretStr

from ai_gateway.claude import faults
from ai_gateway.claude.client import api_version
from ai_gateway.claude.events import events
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.key import FixedKey, Key
from ai_gateway.claude.reply import SIMULATOR_HEADER, Gathering
from ai_gateway.claude.wire import Wire

_UNAUTHORIZED = 401
# Beyond what any answer makes: the longest has about a megabyte.
_LONGEST_LINE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Leaving:
    """A request as it goes on the wire: where to, the bytes, and the beta features that it asks for."""

    path: str
    content: bytes = field(repr=False)
    betas: str = ""


class Exchange:
    """A response whose head has come. Close it, whatever happens."""

    def __init__(
        self, response: httpx2.Response, events: AsyncIterator[Sequence[ServerSentEvent]], *, simulated: bool
    ) -> None:
        """`events`: those of a stream, as many at once as have come."""
        self._response = response
        # What Claude says of its rate limits, for whoever paces requests.
        self.headers = faults.rate_limits(response.headers)
        self.gathering = Gathering(
            faults.request_id(response.headers), simulated=simulated or SIMULATOR_HEADER in response.headers
        )
        self._events = events
        self._waiting: deque[ServerSentEvent] = deque()
        self._first = ""

    async def body(self) -> bytes:
        """The whole body. Raises ClaudeError CUT, begun."""
        try:
            with faults.told_apart():
                return await self._response.aread()
        except ClaudeError as fault:
            fault.began = True
            raise

    async def lines(self) -> AsyncGenerator[bytes, None]:
        """The body line by line, as it comes. Raises ClaudeError CUT, and MALFORMED for an endless line."""
        rest = b""
        with faults.told_apart():
            async for chunk in self._response.aiter_bytes():
                # By this one byte alone: an answer may hold what else Unicode takes for the end of a line.
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    yield line
                if len(rest) > _LONGEST_LINE_BYTES:
                    raise ClaudeError(FaultKind.MALFORMED)
        if rest:
            yield rest

    async def begin(self) -> None:
        """Waits for the first event of a stream. Raises a ClaudeError that has not begun."""
        while not self._waiting:
            await self._more()
        self._first = self._take()

    async def texts(self) -> AsyncIterator[str]:
        """The text of a begun stream; what came at once is one piece. Raises a ClaudeError before its end."""
        text = self._first
        try:
            while not self.gathering.complete:
                if self._waiting:
                    text += self._take()
                    continue
                if text:
                    yield text
                    text = ""
                await self._more()
        except ClaudeError as fault:
            fault.began = True
            if text:
                yield text
            raise
        if text:
            yield text

    async def close(self) -> None:
        """Gives the connection back; one whose answer has not been read to its end is closed."""
        await self._response.aclose()

    async def _more(self) -> None:
        with faults.told_apart():
            events = await anext(self._events, None)
        if events is None:
            raise ClaudeError(FaultKind.CUT)
        self._waiting.extend(event for event in events if event.event != "ping" and event.data)

    def _take(self) -> str:
        """The text of the next event, which may be none."""
        event = self._waiting.popleft()
        if event.event == "error":
            raise faults.of_event(event.data)
        return self.gathering.take_event(event.data)


class Upstream:
    """The wire. Every request is sent once; who asks again is the caller."""

    def __init__(self, client: AsyncAnthropic, *, simulator: bool, key: Key | None = None) -> None:
        self._client = client
        self._wire = Wire(client)
        self._simulator = simulator
        self._key = key or FixedKey(SecretStr(client.api_key or ""))

    @property
    def api_version(self) -> str:
        """The version of the Messages API that requests are for."""
        return api_version(self._client)

    def leaving(self, path: str, content: bytes, betas: Sequence[str] = ()) -> Leaving:
        """As it leaves, for a request of the Messages API: what `send` takes.

        Raises ClaudeError NOT_OFFERED where this way to Claude has no such thing.
        """
        return Leaving(path, content, ",".join(betas))

    async def send(self, leaving: Leaving) -> Exchange:
        """Posts it. Raises ClaudeError."""
        return await self._exchange(
            self._wire.exchanged("post", leaving.path, leaving.content, leaving.betas)
        )

    async def fetch(self, path: str) -> Exchange:
        """What is there. Raises ClaudeError."""
        return await self._exchange(self._wire.exchanged("get", path))

    async def _exchange(self, asked: Awaitable[httpx2.Response]) -> Exchange:
        key = self._key.current
        try:
            with faults.told_apart():
                response = await asked
        except ClaudeError as fault:
            if fault.status == _UNAUTHORIZED:
                fault.healed = await self._key.renewed(key)
            raise
        return Exchange(response, events(response), simulated=self._simulator)


async def posted(client: AsyncAPIClient, path: str, content: bytes) -> httpx2.Response:
    """The response, its head read."""
    # Streamed also where the answer is not: so a cut body can be told from one that never began. And cast to
    # the response itself, which spares the SDK's models; its types foresee one or the other.
    response = await client.post(
        path, content=content, cast_to=httpx2.Response, stream=True, stream_cls=AsyncStream[object]
    )
    return cast("httpx2.Response", response)
