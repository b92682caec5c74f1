"""Streams: deltas and a completion, a cut that looks like one, and a client that leaves."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from ai_gateway_testing.gateway import Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2
from claude_simulator.server import serving
from claude_simulator.simulation import Pace, Simulation

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
LONG = "word " * 4000


async def test_a_stream_ends_with_its_completion(gateway: Gateway) -> None:
    fault = {"kind": "slow_deltas", "seconds": 0.02}
    answer = {"text": "one two three four five six"}
    await gateway.claude.script({"match": {}, "answer": answer, "fault": fault})

    deltas, completion = await gateway.client.stream(prompt("Count."))

    assert "".join(deltas) == "one two three four five six"
    assert len(deltas) > 1  # each was sent when it came
    assert completion is not None
    assert completion.stop_reason == ai_pb2.STOP_REASON_END_TURN
    assert completion.cost_micro_usd > 0


@pytest.mark.parametrize("kind", ["cut_stream", "stream_error", "garbage_sse"])
async def test_a_stream_cut_midway_ends_with_an_error_and_is_billed_for_what_came(
    gateway: Gateway, kind: str
) -> None:
    await gateway.claude.script(
        {"match": {}, "answer": {"text": LONG}, "fault": {"kind": kind, "after_events": 8}}
    )
    call = gateway.client.open_stream(prompt("Count."))
    events = []

    async def read() -> None:
        async for event in call:
            events.append(event.WhichOneof("event"))

    error = await refusal(read())

    assert error.reason_name == "AI_UNAVAILABLE"
    assert "completion" not in events
    assert len(await gateway.settled()) == 1
    (row,) = (await gateway.client.usage()).rows
    assert row.usage.input_tokens > 0
    assert row.cost_micro_usd > 0


async def test_a_client_that_leaves_ends_the_call_to_claude_within_a_tenth_of_a_second(
    gateway: Gateway,
) -> None:
    await gateway.claude.script({"match": {}, "fault": {"kind": "silent"}})
    asking = asyncio.create_task(gateway.client.ask(prompt("Long?")))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=5000)

    left_at = asyncio.get_running_loop().time()
    asking.cancel()
    aborted = await gateway.claude.requests(outcome="ABORTED", at_least=1, wait_ms=2000)

    assert len(aborted) == 1
    assert asyncio.get_running_loop().time() - left_at < 0.1
    assert [row["outcome"] for row in await gateway.settled()] == ["CANCELLED"]


async def test_a_client_that_leaves_a_stream_ends_it_upstream_and_pays_for_what_came(
    start_gateway: StartGateway,
) -> None:
    async with slow_claude() as url, start_gateway(claude_base_url=url) as gateway:
        gateway.claude.url = url
        await gateway.claude.script({"match": {}, "answer": {"text": LONG}})
        call = gateway.client.open_stream(prompt("Long?", max_tokens=128_000))
        await call.read()

        call.cancel()

        assert await gateway.claude.requests(outcome="ABORTED", at_least=1, wait_ms=3000)
        await paid_for_a_part(gateway)


async def test_a_client_that_does_not_read_holds_up_nobody_else(gateway: Gateway) -> None:
    """The server waits for it in sending; the answer is complete meanwhile, and others get it."""
    text = "longer than every buffer on the way to the client " * 8_000
    await gateway.claude.script({"match": {}, "answer": {"text": text}})
    call = gateway.client.open_stream(prompt("Long?", max_tokens=128_000))
    await call.read()
    await gateway.claude.requests(outcome="ANSWERED", at_least=1, wait_ms=10_000)
    assert [row["outcome"] for row in await gateway.settled()] == ["ANSWERED"]

    deltas, completion = await gateway.client.stream(prompt("Long?", max_tokens=128_000))
    assert "".join(deltas) == text
    assert completion is not None
    assert completion.cost_micro_usd == 0
    call.cancel()


def slow_claude() -> AbstractAsyncContextManager[str]:
    """A simulator whose answers take seconds."""
    return serving(Simulation(Pace(chunk_delay=0.002)))


async def paid_for_a_part(gateway: Gateway) -> None:
    """The call's record says that it was broken off, and what came of it is paid."""
    assert [row["outcome"] for row in await gateway.settled()] == ["CANCELLED"]
    (row,) = (await gateway.client.usage()).rows
    assert row.usage.input_tokens > 0
