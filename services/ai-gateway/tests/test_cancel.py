"""A caller who leaves: the request to Claude ends within a tenth of a second, wherever it was."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from pydantic import SecretStr

from ai_gateway.claude.client import open_client
from ai_gateway.claude.destination import destination
from ai_gateway.claude.upstream import Leaving, Upstream
from ai_gateway_testing.gateway import Gateway, prompt
from claude_simulator import server
from claude_simulator.control_client import SimulatorControl
from claude_simulator.simulation import Pace, Simulation

BOUND = timedelta(seconds=0.1)
CALLERS = 20
PATH = "/v1/messages"
SILENT = {"match": {}, "fault": {"kind": "silent"}}
LONG = {"match": {}, "answer": {"text": "word " * 4000}}
QUESTION = b'{"model":"claude-sonnet-5-5","max_tokens":9999,"messages":[{"role":"user","content":"Long?"}]}'
STREAMED = QUESTION[:-1] + b',"stream":true}'
# Takes what tells that it has got where it should be cancelled.
Caller = Callable[[Callable[[], None]], Coroutine[object, object, object]]


@pytest.fixture
async def claude() -> AsyncIterator[SimulatorControl]:
    """A simulator whose streams take many seconds."""
    simulation = Simulation(Pace(chunk_delay=0.02))
    async with server.serving(simulation) as url, aiohttp.ClientSession() as http:
        yield SimulatorControl(url, http)


@pytest.fixture
async def upstream(claude: SimulatorControl) -> AsyncIterator[Upstream]:
    async with open_client(destination(claude.url, "local"), SecretStr("not-a-key"), 30) as client:
        yield Upstream(client, simulator=True)


async def all_leave(claude: SimulatorControl, call: Caller) -> None:
    """Many are where they should be; all are cancelled at once; the simulator tells when it noticed."""
    there = 0

    def arrived() -> None:
        nonlocal there
        there += 1

    callers = [asyncio.create_task(call(arrived)) for _ in range(CALLERS)]
    await claude.requests(outcome="PENDING", at_least=CALLERS, wait_ms=5000)
    async with asyncio.timeout(5):
        while there < CALLERS:  # noqa: ASYNC110 it is a number
            await asyncio.sleep(0.01)
    left_at = datetime.now(UTC)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    ended = await claude.requests(outcome="ABORTED", at_least=CALLERS, wait_ms=5000)
    assert len(ended) == CALLERS
    assert max(datetime.fromisoformat(str(one["ended_at"])) for one in ended) - left_at <= BOUND


@pytest.mark.parametrize("content", [QUESTION, STREAMED])
async def test_on_the_wire_before_the_head_of_the_answer(
    claude: SimulatorControl, upstream: Upstream, content: bytes
) -> None:
    await claude.script(SILENT)

    async def call(arrived: Callable[[], None]) -> None:
        arrived()
        await upstream.send(Leaving(PATH, content))

    await all_leave(claude, call)


async def test_on_the_wire_in_the_middle_of_a_stream(claude: SimulatorControl, upstream: Upstream) -> None:
    await claude.script(LONG)

    async def call(arrived: Callable[[], None]) -> None:
        exchange = await upstream.send(Leaving(PATH, STREAMED))
        try:
            await exchange.begin()
            arrived()
            async for _ in exchange.texts():
                pass
        finally:
            await exchange.close()

    await all_leave(claude, call)


async def test_on_the_wire_by_closing_what_is_not_read(claude: SimulatorControl, upstream: Upstream) -> None:
    """A caller of ours that has enough: no cancellation, only `close`."""
    await claude.script(LONG)

    async def call(arrived: Callable[[], None]) -> None:
        exchange = await upstream.send(Leaving(PATH, STREAMED))
        arrived()
        try:
            await asyncio.Event().wait()
        finally:
            await exchange.close()

    await all_leave(claude, call)


@pytest.mark.parametrize("streamed", [False, True])
async def test_through_the_gateway_before_the_answer(
    claude: SimulatorControl, gateway: Gateway, *, streamed: bool
) -> None:
    await claude.script(SILENT)
    ask = gateway.client.stream if streamed else gateway.client.ask
    questions = iter(range(CALLERS))

    async def call(arrived: Callable[[], None]) -> None:
        arrived()
        await ask(prompt(f"Long? {next(questions)}"))

    await all_leave(claude, call)
    assert {row["outcome"] for row in await gateway.settled()} == {"CANCELLED"}


async def test_through_the_gateway_in_the_middle_of_a_stream(
    claude: SimulatorControl, gateway: Gateway
) -> None:
    await claude.script(LONG)
    questions = iter(range(CALLERS))

    async def call(arrived: Callable[[], None]) -> None:
        stream = gateway.client.open_stream(prompt(f"Long? {next(questions)}", max_tokens=64_000))
        await stream.read()
        arrived()
        try:
            await asyncio.Event().wait()
        finally:
            stream.cancel()

    await all_leave(claude, call)
    assert {row["outcome"] for row in await gateway.settled()} == {"CANCELLED"}
