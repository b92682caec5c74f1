"""What leaves is what the SDK would send, and what comes is what the SDK would read."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from anthropic import AsyncStream
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from ai_gateway.claude.client import open_client
from ai_gateway.claude.destination import destination
from ai_gateway.claude.events import events
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.upstream import posted
from ai_gateway.claude.wire import Wire

BODY = b'{"model":"claude-sonnet-5-5"}'


@pytest.fixture
async def heard() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An address, and the heads that came to it."""
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            heads.append(head)
            assert await reader.readexactly(len(BODY)) == BODY
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


async def test_a_request_has_the_head_that_the_sdk_gives_it(heard: tuple[str, list[bytes]]) -> None:
    url, heads = heard
    async with open_client(destination(url, "local"), SecretStr("one"), 5) as client:
        wire = Wire(client)
        for key in ("one", "two"):
            client.api_key = key
            for response in (
                await posted(client, "/v1/messages", BODY),
                await wire.exchanged("post", "/v1/messages", BODY),
            ):
                assert await response.aread() == b"{}"
                await response.aclose()
    by_sdk, by_wire, by_sdk_later, by_wire_later = (sorted(head.lower().splitlines()) for head in heads)
    assert by_wire == by_sdk
    assert by_wire_later == by_sdk_later != by_sdk
    assert b"authorization: bearer two" in by_wire_later


_TEXTS = st.text(alphabet=st.sampled_from("aé\u2028\u0085\n\r: \U0001f50b"), max_size=6)
_STREAMS = st.lists(st.tuples(_TEXTS, st.sampled_from(["\n\n", "\r\n\r\n", "\r\r"])), max_size=6).map(
    lambda rows: "".join(f"event: e\ndata: {text}{end}" for text, end in rows).encode()
)


@given(_STREAMS, st.data())
def test_events_are_those_of_the_sdk_however_they_are_cut(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    ours = asyncio.run(_all(events(_response(pieces))))
    theirs = asyncio.run(_all(AsyncStream.raw_events(_response([stream]))))
    assert [(event.event, event.data) for many in ours for event in many] == [
        (event.event, event.data) for event in theirs
    ]


async def test_what_is_no_text_is_malformed() -> None:
    with pytest.raises(ClaudeError) as broken:
        await _all(events(_response([b"data: \xff\n\n"])))
    assert broken.value.kind is FaultKind.MALFORMED


def _response(pieces: Sequence[bytes]) -> httpx2.Response:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return httpx2.Response(200, content=body())


async def _all(told: AsyncIterator[object]) -> list:
    return [one async for one in told]
