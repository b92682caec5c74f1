"""Each way in which Claude fails: the error that the caller gets, and when it is asked again."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import grpc
import pytest

from ai_gateway_testing.backends import free_port
from ai_gateway_testing.gateway import Gateway, prompt, refusal

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
SECRET_WORDS = "internal detail of the upstream"
SCHEMA = (
    '{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}'
)


def status(code: int, **more: object) -> dict[str, object]:
    return {"kind": "status", "status": code, "message": SECRET_WORDS, **more}


@pytest.mark.parametrize(
    ("fault", "code", "reason", "attempts"),
    [
        (status(429, retry_after=60), grpc.StatusCode.RESOURCE_EXHAUSTED, "AI_RATE_LIMITED", 1),
        (status(429), grpc.StatusCode.RESOURCE_EXHAUSTED, "AI_RATE_LIMITED", 3),
        (status(529), grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 3),
        (status(500), grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 3),
        (status(502), grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 3),
        (status(503), grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 3),
        (status(504), grpc.StatusCode.DEADLINE_EXCEEDED, "AI_TIMEOUT", 1),
        (status(401), grpc.StatusCode.INTERNAL, "AI_MISCONFIGURED", 1),
        (status(403), grpc.StatusCode.INTERNAL, "AI_MISCONFIGURED", 1),
        (status(404), grpc.StatusCode.INTERNAL, "AI_MISCONFIGURED", 1),
        (status(400), grpc.StatusCode.INTERNAL, "AI_MISCONFIGURED", 1),
        (status(413), grpc.StatusCode.INVALID_ARGUMENT, "AI_REQUEST_TOO_LARGE", 1),
        ({"kind": "malformed"}, grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 1),
        ({"kind": "cut_body"}, grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", 1),
        ({"kind": "cut_stream", "after_events": 0}, grpc.StatusCode.UNAVAILABLE, "AI_UNAVAILABLE", None),
        ({"kind": "refusal"}, grpc.StatusCode.FAILED_PRECONDITION, "AI_REFUSED", 1),
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_fault_becomes_its_own_error(
    gateway: Gateway,
    fault: dict[str, object],
    code: grpc.StatusCode,
    reason: str,
    attempts: int | None,
    *,
    streamed: bool,
) -> None:
    await gateway.claude.script({"match": {}, "fault": fault})

    error = await refusal((gateway.client.stream if streamed else gateway.client.ask)(prompt("Well?")))

    assert (error.code, error.reason_name) == (code, reason)
    assert SECRET_WORDS not in error.message
    if attempts is not None:
        assert len(await gateway.claude.requests()) == attempts


async def test_a_stream_cut_before_its_first_event_is_asked_again_and_later_not(gateway: Gateway) -> None:
    for events, attempts in ((0, 3), (1, 1)):
        await gateway.claude.forget()
        await gateway.claude.script({"match": {}, "fault": {"kind": "cut_stream", "after_events": events}})
        assert (await refusal(gateway.client.stream(prompt("Well?")))).reason_name == "AI_UNAVAILABLE"
        assert len(await gateway.claude.requests()) == attempts


async def test_the_delay_that_claude_names_is_told_and_kept(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "fault": status(429, retry_after=60)})
    error = await refusal(gateway.client.ask(prompt("Now?")))
    assert error.retry_after is not None
    assert error.retry_after.total_seconds() == 60
    held_back = await refusal(gateway.client.ask(prompt("And now?")))
    assert held_back.reason_name == "AI_RATE_LIMITED"
    assert held_back.retry_after is not None
    assert 50 < held_back.retry_after.total_seconds() <= 60
    assert len(await gateway.claude.requests()) == 1


async def test_a_short_delay_is_waited_for(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "times": 1, "fault": status(429, retry_after=0.3)})
    began = asyncio.get_running_loop().time()
    await gateway.client.ask(prompt("Now?"))
    assert asyncio.get_running_loop().time() - began >= 0.3


async def test_what_passes_is_healed_by_asking_again(gateway: Gateway) -> None:
    for fault in (status(529), status(500), status(429, retry_after=0)):
        await gateway.claude.script({"match": {}, "times": 1, "fault": fault})
        answer = await gateway.client.ask(prompt(f"And now? {fault}"))
        assert answer.text
    rows = await gateway.egress()
    assert [row["outcome"] for row in rows] == [
        "OVERLOADED", "ANSWERED", "FAILED", "ANSWERED", "RATE_LIMITED", "ANSWERED",
    ]  # fmt: skip


@pytest.mark.parametrize("fault", [{"kind": "silent"}, {"kind": "slow", "seconds": 20}])
@pytest.mark.parametrize("streamed", [False, True])
async def test_nothing_outlives_the_callers_deadline(
    gateway: Gateway, fault: dict[str, object], *, streamed: bool
) -> None:
    await gateway.claude.script({"match": {}, "fault": fault})
    began = asyncio.get_running_loop().time()

    error = await refusal(
        (gateway.client.stream if streamed else gateway.client.ask)(prompt("Soon?"), seconds=0.4)
    )

    assert error.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert asyncio.get_running_loop().time() - began < 0.8
    aborted = await gateway.claude.requests(outcome="ABORTED", at_least=1, wait_ms=2000)
    assert len(aborted) == 1


async def test_the_answer_has_its_own_time(start_gateway: StartGateway) -> None:
    async with start_gateway(ai_request_timeout=300) as gateway:
        await gateway.claude.script({"match": {}, "fault": {"kind": "silent"}})
        error = await refusal(gateway.client.ask(prompt("Soon?")))
        assert error.reason_name == "AI_TIMEOUT"
        assert (await gateway.egress())[0]["outcome"] == "TIMED_OUT"


async def test_a_claude_that_is_not_there_is_unavailable(start_gateway: StartGateway) -> None:
    async with start_gateway(claude_base_url=f"http://127.0.0.1:{free_port()}") as gateway:
        error = await refusal(gateway.client.ask(prompt("Anyone?")))
        assert error.reason_name == "AI_UNAVAILABLE"
        assert [row["outcome"] for row in await gateway.egress()] == ["UNREACHABLE"] * 3


async def test_an_answer_cut_at_max_tokens_is_an_error_only_where_a_schema_was_asked_for(
    gateway: Gateway,
) -> None:
    await gateway.claude.script({"match": {}, "fault": {"kind": "max_tokens"}})

    await gateway.client.ask(prompt("Free text?"))
    for ask in (gateway.client.ask, gateway.client.stream):
        error = await refusal(ask(prompt("JSON?", schema=SCHEMA)))
        assert error.reason_name == "AI_ANSWER_TRUNCATED"


async def test_a_prompt_beyond_the_window_is_too_large(gateway: Gateway) -> None:
    asked = prompt("x " * 500_000, model="claude-haiku-4-5")
    error = await refusal(gateway.client.ask(asked))
    assert error.reason_name == "AI_REQUEST_TOO_LARGE"
