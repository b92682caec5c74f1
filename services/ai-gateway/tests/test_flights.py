"""Equal questions at once: one call to Claude over two gateways, whoever leaves or dies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import grpc
import pytest
import redis.asyncio

from ai_gateway_testing.gateway import Client, Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2

COALESCED, UPSTREAM = ai_pb2.SERVED_FROM_COALESCED, ai_pb2.SERVED_FROM_UPSTREAM
TEXT = "one two three four five six seven eight nine ten"


@pytest.fixture
async def two(gateway: Gateway, start_gateway) -> AsyncIterator[list[Client]]:
    """Clients of one organization at two replicas that share nothing but the stores."""
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(start_gateway())
        yield [gateway.client, Client(other.client.stub, other.client.signer, gateway.client.org)]


FAULT = {"match": {}, "times": 1, "delay_ms": 500, "fault": {"kind": "status", "status": 400}}


async def slowly(gateway: Gateway, seconds: float = 0.3, **more: object) -> None:
    await gateway.claude.script(
        {"match": {}, "delay_ms": int(seconds * 1000), "answer": {"text": TEXT}, **more}
    )


async def upstream(gateway: Gateway) -> int:
    return len(await gateway.claude.requests())


async def test_1000_equal_questions_over_two_replicas_are_asked_once(
    gateway: Gateway, two: list[Client]
) -> None:
    await slowly(gateway, 1.0)
    answers = await asyncio.gather(*(two[number % 2].ask(prompt("Count.")) for number in range(1000)))
    assert {answer.text for answer in answers} == {TEXT}
    assert await upstream(gateway) == 1
    sources = [answer.completion.served_from for answer in answers]
    assert sources.count(UPSTREAM) == 1
    paid = [answer.completion.cost_micro_usd for answer in answers if answer.completion.cost_micro_usd]
    assert len(paid) == 1
    assert await metered(gateway, 1000) == paid[0]


async def metered(gateway: Gateway, calls: int) -> int:
    """The cost, once so many calls are counted: free ones are a moment behind their answers."""
    async with asyncio.timeout(10):
        while True:
            usage = await gateway.client.usage()
            counted = sum(row.calls for row in usage.rows)
            if counted >= calls:
                assert counted == calls
                return usage.cost_micro_usd
            await asyncio.sleep(0.02)


async def test_1000_equal_streams_over_two_replicas_are_asked_once(
    gateway: Gateway, two: list[Client]
) -> None:
    await slowly(gateway, 1.0)
    streams = await asyncio.gather(*(two[number % 2].stream(prompt("Count.")) for number in range(1000)))
    assert {"".join(deltas) for deltas, _ in streams} == {TEXT}
    assert await upstream(gateway) == 1
    sources = [completion.served_from for _, completion in streams if completion is not None]
    assert sources.count(UPSTREAM) == 1
    assert len(sources) == 1000


async def test_who_comes_late_gets_what_there_was_at_once(gateway: Gateway, two: list[Client]) -> None:
    await gateway.claude.script(
        {"match": {}, "answer": {"text": TEXT}, "fault": {"kind": "slow_deltas", "seconds": 0.1}}
    )
    leading = two[0].open_stream(prompt("Count."))
    begun = (await leading.read()).text_delta
    begun += (await leading.read()).text_delta
    for client in two:
        following = client.open_stream(prompt("Count."))
        events = [await following.read()]
        assert events[0].text_delta.startswith(begun)
        while isinstance(event := await following.read(), ai_service_pb2.StreamGenerateResponse):
            events.append(event)
        assert "".join(event.text_delta for event in events) == TEXT
        assert events[-1].completion.served_from in (COALESCED, ai_pb2.SERVED_FROM_CACHE)
    leading.cancel()
    assert await upstream(gateway) == 1


async def test_who_asked_first_may_leave(gateway: Gateway, two: list[Client], valkey_url: str) -> None:
    await slowly(gateway, 0.6)
    first = asyncio.create_task(two[0].ask(prompt("Count.")))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    followers = [asyncio.create_task(client.ask(prompt("Count."))) for client in two]
    await followed(gateway, valkey_url)
    first.cancel()
    assert {(await follower).text for follower in followers} == {TEXT}
    assert await upstream(gateway) == 1


async def followed(gateway: Gateway, valkey_url: str) -> None:
    """Waits until another replica follows."""
    async with asyncio.timeout(5), redis.asyncio.Redis.from_url(valkey_url) as valkey:
        mark = f"ai:followed:{gateway.client.org}:*"
        while not [key async for key in valkey.scan_iter(match=mark)]:  # noqa: ASYNC110 it is a key
            await asyncio.sleep(0.01)


async def test_when_nobody_is_left_claude_is_let_go(gateway: Gateway, two: list[Client]) -> None:
    await slowly(gateway, 30)
    asked = [asyncio.create_task(client.ask(prompt("Count."))) for client in two for _ in range(5)]
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    for call in asked:
        call.cancel()
    await gateway.claude.requests(outcome="ABORTED", at_least=1, wait_ms=5000)
    assert [row["outcome"] for row in await gateway.settled()] == ["CANCELLED"]


async def test_the_leaders_fault_is_tried_again_elsewhere(gateway: Gateway, two: list[Client]) -> None:
    await gateway.claude.script(FAULT, {"match": {}, "answer": {"text": TEXT}})
    first = asyncio.create_task(refusal(two[0].ask(prompt("Count."))))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    follower = await two[1].ask(prompt("Count."))
    assert follower.text == TEXT
    assert (await first).reason_name == "AI_MISCONFIGURED"


async def test_an_error_is_not_shared_with_who_comes_later(gateway: Gateway) -> None:
    await gateway.claude.script(FAULT, {"match": {}, "answer": {"text": TEXT}})
    await refusal(gateway.client.ask(prompt("Count.")))
    assert (await gateway.client.ask(prompt("Count."))).text == TEXT


async def test_another_organizations_equal_question_is_another_one(gateway: Gateway) -> None:
    await slowly(gateway)
    stranger = gateway.other_organization()
    await asyncio.gather(gateway.client.ask(prompt("Count.")), stranger.ask(prompt("Count.")))
    assert await upstream(gateway) == 2


@pytest.mark.parametrize(
    ("policy", "calls"),
    [(ai_service_pb2.CACHE_POLICY_BYPASS, 3), (ai_service_pb2.CACHE_POLICY_REFRESH, 1)],
)
async def test_who_wants_its_own_answer_shares_none(gateway: Gateway, policy: int, calls: int) -> None:
    await slowly(gateway, 0.5)
    asked = prompt("Count.", cache_policy=policy)
    await asyncio.gather(*(gateway.client.ask(asked) for _ in range(3)))
    assert await upstream(gateway) == calls


async def test_a_callers_own_deadline_is_not_the_others(gateway: Gateway) -> None:
    await slowly(gateway, 1.0)
    hasty = asyncio.create_task(refusal(gateway.client.ask(prompt("Count."), seconds=0.3)))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    assert (await gateway.client.ask(prompt("Count."))).text == TEXT
    assert (await hasty).code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert await upstream(gateway) == 1


async def test_a_dead_leaders_followers_ask_for_themselves(gateway: Gateway, valkey_url: str) -> None:
    """Its lead runs out, as that of a killed process does: nobody renews it."""
    await slowly(gateway, 0.0)
    asked = ai_service_pb2.CACHE_POLICY_REFRESH
    async with redis.asyncio.Redis.from_url(valkey_url) as valkey:
        watching = asyncio.create_task(lead_of(valkey, gateway))
        await slowly(gateway, 0.3)
        await gateway.client.ask(prompt("Count.", cache_policy=asked))
        await valkey.set(await watching, "a-dead-process:1", px=700)
    assert (await gateway.client.ask(prompt("Count.", cache_policy=asked))).text == TEXT
    assert await upstream(gateway) == 2


async def lead_of(valkey: "redis.asyncio.Redis", gateway: Gateway) -> str:
    """The key of the lead that the organization takes next."""
    async with asyncio.timeout(10):
        while True:
            async for key in valkey.scan_iter(match=f"ai:lead:{gateway.client.org}:*"):
                return str(key.decode())
            await asyncio.sleep(0.005)
