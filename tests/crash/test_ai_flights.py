"""A thousand equal questions over two AI gateway processes: one call to Claude, also when one dies."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
import grpc
import pytest
import redis.asyncio

from ai_gateway_testing.gateway import Client, prompt
from ai_gateway_testing.processes import GatewayProcess, ValkeyServer, gateways, valkey_server
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from claude_simulator import server as simulator
from claude_simulator.control_client import SimulatorControl
from claude_simulator.simulation import Simulation

CALLS = 1000
TEXT = " ".join(f"word{number}" for number in range(60))
SECONDS = 15
# Claude's answer to whoever asks first never comes; whoever asks then is answered.
FIRST_IS_SILENT = (
    {"match": {}, "times": 1, "fault": {"kind": "silent"}},
    {"match": {}, "delay_ms": 200, "answer": {"text": TEXT}},
)


@dataclass
class Pair:
    """Two gateways over one simulator and one Valkey."""

    replicas: list[GatewayProcess]
    clients: list[Client]
    claude: SimulatorControl
    valkey: ValkeyServer

    async def asked(self) -> int:
        return (await self.claude.counts()).get("requests", 0)

    async def kill_the_leader(self) -> None:
        """The first, when the second follows it."""
        async with asyncio.timeout(SECONDS), redis.asyncio.Redis.from_url(self.valkey.url) as valkey:
            while not [key async for key in valkey.scan_iter(match="ai:followed:*")]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await self.replicas[0].kill()


@pytest.fixture
async def pair(databases, tmp_path) -> AsyncIterator[Pair]:
    async with (
        simulator.serving(Simulation()) as url,
        aiohttp.ClientSession() as http,
        valkey_server(tmp_path) as valkey,
        gateways(
            tmp_path / "log", CLAUDE_BASE_URL=url, DATABASE_URL=databases.app("ai"), REDIS_URL=valkey.url,
            DATABASE_POOL_SIZE="4",
        ) as started,
    ):  # fmt: skip
        replicas, org = [*await asyncio.gather(started.start(), started.start())], uuid4()
        clients = [replica.client(org) for replica in replicas]
        yield Pair(replicas, clients, SimulatorControl(url, http), valkey)


async def plain(client: Client) -> str:
    return (await client.ask(prompt("Count."), seconds=SECONDS)).text


async def streamed(client: Client) -> str:
    deltas, completion = await client.stream(prompt("Count."), seconds=SECONDS)
    assert completion is not None
    return "".join(deltas)


@pytest.mark.parametrize("ask", [plain, streamed])
async def test_1000_equal_calls_over_two_processes_are_one(pair: Pair, ask) -> None:
    await pair.claude.script({"match": {}, "delay_ms": 2500, "answer": {"text": TEXT}})
    answers = await asyncio.gather(*(ask(pair.clients[number % 2]) for number in range(CALLS)))
    assert set(answers) == {TEXT}
    assert await pair.asked() == 1


@pytest.mark.parametrize("ask", [plain, streamed])
async def test_when_the_leader_is_killed_all_others_are_answered(pair: Pair, ask) -> None:
    doomed, surviving = pair.clients
    await pair.claude.script(*FIRST_IS_SILENT)
    at_the_leader = [asyncio.create_task(ask(doomed))]
    await pair.claude.requests(outcome="PENDING", at_least=1, wait_ms=5000)
    at_the_leader += [asyncio.create_task(ask(doomed)) for _ in range(CALLS // 2 - 1)]
    others = [asyncio.create_task(ask(surviving)) for _ in range(CALLS // 2)]
    await pair.kill_the_leader()

    assert set(await asyncio.gather(*others)) == {TEXT}
    assert await pair.asked() == 2
    # Nobody is left waiting at the dead process.
    lost = await asyncio.gather(*at_the_leader, return_exceptions=True)
    assert {failed.code() for failed in lost if isinstance(failed, grpc.aio.AioRpcError)} == {
        grpc.StatusCode.UNAVAILABLE
    }


async def test_a_stream_that_lost_its_leader_midway_is_never_mixed(pair: Pair) -> None:
    """What was read of the dead leader's answer cannot be taken back, and another's does not follow on it."""
    doomed, surviving = pair.clients
    await pair.claude.script(
        {
            "match": {}, "times": 1, "answer": {"text": "old " * 100},
            "fault": {"kind": "stall", "after_events": 20},
        },
        {"match": {}, "delay_ms": 200, "answer": {"text": TEXT}},
    )  # fmt: skip
    leading = doomed.open_stream(prompt("Count."), seconds=SECONDS)
    await leading.read()
    begun = [surviving.open_stream(prompt("Count."), seconds=SECONDS) for _ in range(20)]
    read = await asyncio.gather(*(stream.read() for stream in begun))
    assert {getattr(event, "text_delta", "")[:4] for event in read} == {"old "}
    await pair.replicas[0].kill()

    # Who has read nothing yet gets the whole new answer.
    assert await plain(surviving) == TEXT
    for stream in begun:
        code, events = await rest(stream)
        assert code is grpc.StatusCode.UNAVAILABLE
        assert not [event for event in events if event.HasField("completion") or "word" in event.text_delta]
    assert await pair.asked() == 2


async def rest(stream) -> tuple[grpc.StatusCode, list[ai_service_pb2.StreamGenerateResponse]]:
    events = []
    try:
        while (event := await stream.read()) is not grpc.aio.EOF:
            events.append(event)
    except grpc.aio.AioRpcError as broken:
        return broken.code(), events
    return grpc.StatusCode.OK, events


async def test_alone_each_process_would_ask_for_itself(databases, tmp_path) -> None:
    """With single-flight off: what the one call is worth."""
    async with (
        simulator.serving(Simulation()) as url,
        aiohttp.ClientSession() as http,
        gateways(
            tmp_path / "log", CLAUDE_BASE_URL=url, DATABASE_URL=databases.app("ai"), USE_REDIS="false",
            SINGLE_FLIGHT="false",
        ) as started,
    ):  # fmt: skip
        claude = SimulatorControl(url, http)
        await claude.script({"match": {}, "delay_ms": 300, "answer": {"text": TEXT}})
        client = (await started.start()).client(uuid4())
        await asyncio.gather(*(plain(client) for _ in range(50)))
        assert (await claude.counts())["requests"] == 50


async def test_a_valkey_that_comes_back_is_used_again_whatever_the_load(pair: Pair) -> None:
    """Its connections are gone and its scripts unknown; there is no idle moment to mend that."""
    loaded = True

    async def load(client: Client) -> None:
        while loaded:
            await client.ask(prompt(f"{uuid4()}?"), seconds=SECONDS)

    callers = [asyncio.create_task(load(pair.clients[number % 2])) for number in range(64)]
    await pair.valkey.kill()
    await asyncio.sleep(0.3)
    await pair.valkey.start()
    async with asyncio.timeout(SECONDS):
        for client in pair.clients:
            while not await kept(client):  # noqa: ASYNC110 it is elsewhere
                await asyncio.sleep(0.1)
    loaded = False
    await asyncio.gather(*callers)


async def kept(client: Client) -> bool:
    """Whether an answer of a moment ago is there."""
    asked = prompt(f"{uuid4()} again?")
    answers = [await client.ask(asked, seconds=SECONDS) for _ in range(2)]
    return answers[1].completion.served_from == ai_pb2.SERVED_FROM_CACHE
