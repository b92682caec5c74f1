"""The answer cache: who gets which answer, what is kept, and life without it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_gateway.cache.answers import key_of
from ai_gateway_testing.backends import free_port
from ai_gateway_testing.gateway import Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
ORG = UUID("018f0000-0000-7000-8000-000000000001")


async def calls(gateway: Gateway) -> int:
    """Requests that reached the simulator."""
    return len(await gateway.claude.requests())


async def test_an_equal_question_is_answered_once_and_then_free(gateway: Gateway) -> None:
    first = await gateway.client.ask(prompt("What is due?"))
    second = await gateway.client.ask(prompt("What is due?"))

    assert await calls(gateway) == 1
    assert second.text == first.text
    assert second.completion.served_from == ai_pb2.SERVED_FROM_CACHE
    assert second.completion.cost_micro_usd == 0
    assert second.completion.list_cost_micro_usd == first.completion.list_cost_micro_usd > 0
    assert second.completion.usage == ai_pb2.Usage()
    assert second.completion.upstream_request_id == first.completion.upstream_request_id
    assert second.completion.simulated


async def test_another_organization_never_gets_the_answer(gateway: Gateway) -> None:
    await gateway.claude.script(
        {"match": {}, "times": 1, "answer": {"text": "ours"}}, {"match": {}, "answer": {"text": "theirs"}}
    )
    ours = await gateway.client.ask(prompt("What is due?"))
    theirs = await gateway.other_organization().ask(prompt("What is due?"))

    assert (ours.text, theirs.text) == ("ours", "theirs")
    assert theirs.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM


@pytest.mark.parametrize(
    "changed",
    [
        prompt("What is due? "),
        prompt("What is due?", model="deep"),
        prompt("What is due?", max_tokens=17),
        prompt("What is due?", system=("Be brief.",)),
        prompt("What is due?", document="d"),
        prompt("What is due?", schema='{"type":"object","properties":{},"additionalProperties":false}'),
    ],
)
async def test_another_question_is_asked(gateway: Gateway, changed: ai_service_pb2.Prompt) -> None:
    await gateway.client.ask(prompt("What is due?"))
    await gateway.client.ask(changed)
    assert await calls(gateway) == 2


async def test_bypass_neither_reads_nor_writes_and_refresh_replaces(gateway: Gateway) -> None:
    asked = {"times": 1}
    await gateway.claude.script(*({"match": {}, **asked, "answer": {"text": text}} for text in "abc"))
    bypass = prompt("?", cache_policy=ai_service_pb2.CACHE_POLICY_BYPASS)
    refresh = prompt("?", cache_policy=ai_service_pb2.CACHE_POLICY_REFRESH)

    answers = [(await gateway.client.ask(one)).text for one in (bypass, prompt("?"), refresh, prompt("?"))]

    assert answers == ["a", "b", "c", "c"]


async def test_a_kept_stream_comes_again_with_the_same_text(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": "one two three four five six seven eight"}})

    first, _ = await gateway.client.stream(prompt("Count."))
    again, completion = await gateway.client.stream(prompt("Count."))
    whole = await gateway.client.ask(prompt("Count."))

    assert "".join(again) == "".join(first) == "one two three four five six seven eight"
    assert completion is not None
    assert completion.served_from == ai_pb2.SERVED_FROM_CACHE
    assert whole.text == "".join(first)
    assert await calls(gateway) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refusal"},
        {"kind": "max_tokens"},
        {"kind": "status", "status": 400},
        {"kind": "malformed"},
        {"kind": "cut_body"},
        {"kind": "cut_stream"},
        {"kind": "stream_error", "after_events": 4},
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_only_complete_good_answers_are_kept(
    gateway: Gateway, fault: dict[str, object], *, streamed: bool
) -> None:
    await gateway.claude.script({"match": {}, "times": 1, "fault": fault})
    ask = gateway.client.stream if streamed else gateway.client.ask
    if fault["kind"] == "max_tokens":
        await ask(prompt("Once more?"))
    else:
        await refusal(ask(prompt("Once more?")))

    healed = await gateway.client.ask(prompt("Once more?"))

    assert healed.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM
    assert healed.completion.stop_reason == ai_pb2.STOP_REASON_END_TURN


@pytest.fixture
async def silent_port() -> AsyncIterator[int]:
    """A server that takes connections and never says a word."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_without_valkey_every_question_is_asked(
    start_gateway: StartGateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_gateway(redis_url=f"redis://127.0.0.1:{free_port()}/0") as gateway:
        for _ in range(3):
            answer = await gateway.client.ask(prompt("Still there?"))
            assert answer.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM
        assert await calls(gateway) == 3
    assert sum("Valkey is away" in record.message for record in caplog.records) == 1


async def test_a_valkey_that_hangs_costs_no_more_than_its_budget(
    start_gateway: StartGateway, silent_port: int
) -> None:
    async with start_gateway(redis_url=f"redis://127.0.0.1:{silent_port}/0") as gateway:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(5):
            await gateway.client.ask(prompt(f"Still there? {number}"))
        # Once fifty milliseconds, then it rests; a budget for each of the ten looks would be half a second.
        assert loop.time() - began < 0.45


async def test_the_cache_can_be_left_out(start_gateway: StartGateway) -> None:
    async with start_gateway(use_redis=False, redis_url="") as gateway:
        await gateway.client.ask(prompt("Twice?"))
        await gateway.client.ask(prompt("Twice?"))
        assert await calls(gateway) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.sampled_from(["model", "messages", "system", "max_tokens"]), json_values)


def shape(value: object) -> object:
    """Equality as JSON has it: 1 is not true."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return (type(value).__name__, value)


@given(bodies, bodies)
def test_keys_are_equal_exactly_for_equal_requests(one: dict[str, object], other: dict[str, object]) -> None:
    keys = [key_of(ORG, "https://a", "v", body) for body in (one, dict(reversed(one.items())), other)]
    assert keys[0] == keys[1]
    assert (keys[0] == keys[2]) == (shape(one) == shape(other))


def test_the_key_names_organization_place_and_version() -> None:
    other_org = UUID(int=ORG.int + 1)
    given_ = [(ORG, "a", "v"), (other_org, "a", "v"), (ORG, "b", "v"), (ORG, "a", "w")]
    assert len({str(key_of(org, to, version, {})) for org, to, version in given_}) == 4
    assert len({key_of(org, to, version, {}).digest for org, to, version in given_}) == 4
