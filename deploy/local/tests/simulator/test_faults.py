"""Each fault as the real SDK sees it."""

import asyncio
import json
import time
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic

from claude_simulator.control_client import SimulatorControl
from claude_simulator.testing import (
    AGREEMENT,
    Body,
    JsonObject,
    asking,
    group_question,
    group_schema,
    text_of,
)

SCHEMA = group_schema(["term_years"])
ASKED: Body = asking(AGREEMENT, group_question(["term_years"]), SCHEMA)


async def _plain(claude: AsyncAnthropic, **more: Any) -> anthropic.types.Message:
    message: anthropic.types.Message = await claude.messages.create(**{**ASKED, **more})
    return message


async def _streamed(claude: AsyncAnthropic, **more: Any) -> anthropic.types.Message:
    async with claude.messages.stream(**{**ASKED, **more}) as stream:
        return await stream.get_final_message()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (413, anthropic.RequestTooLargeError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.OverloadedError),
    ],
)
async def test_an_error_status_is_the_sdks_own_exception(
    claude: AsyncAnthropic, control: SimulatorControl, status: int, error: type[Exception]
) -> None:
    await control.script({"fault": {"kind": "status", "status": status, "retry_after": 1.5}})
    for call in (_plain, _streamed):
        with pytest.raises(error) as raised:
            await call(claude)
        assert isinstance(raised.value, anthropic.APIStatusError)
        assert raised.value.response.headers["retry-after"] == "1.5"
        assert isinstance(raised.value.body, dict)
        assert raised.value.body["request_id"] == raised.value.response.headers["request-id"]


async def test_a_fault_for_one_request_is_healed_by_the_sdks_retry(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"times": 1, "fault": {"kind": "status", "status": 529, "retry_after": 0.01}})
    message = await claude.with_options(max_retries=1).messages.create(**ASKED)
    assert message.stop_reason == "end_turn"
    assert [request["status"] for request in await control.requests()] == [529, 200]


@pytest.mark.parametrize("fault", [{"kind": "silent"}, {"kind": "slow", "seconds": 60}])
async def test_silence_runs_into_the_callers_timeout_and_is_recorded_as_aborted(
    claude: AsyncAnthropic, control: SimulatorControl, fault: JsonObject
) -> None:
    await control.script({"fault": fault})
    for call in (_plain, _streamed):
        with pytest.raises(anthropic.APITimeoutError):
            await call(claude, timeout=0.1)
    aborted = await control.requests(outcome="ABORTED", at_least=2, wait_ms=5_000)
    assert [request["aborted"] for request in aborted] == [True, True]


async def test_a_cut_connection(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "cut_body"}})
    with pytest.raises(anthropic.APIConnectionError):
        await _plain(claude)
    with pytest.raises(httpx2.TransportError):
        await _streamed(claude)
    assert len(await control.requests(outcome="CUT", at_least=2, wait_ms=5_000)) == 2


async def test_a_stream_is_cut_after_the_events_asked_for(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"fault": {"kind": "cut_stream", "after_events": 5}})
    seen: list[str] = []

    async def read() -> None:
        async for event in await claude.messages.create(**ASKED, stream=True):
            seen.append(event.type)

    with pytest.raises(httpx2.TransportError):
        await read()
    # The SDK keeps pings to itself.
    assert seen == ["message_start", "content_block_start", "content_block_delta", "content_block_delta"]


async def test_what_is_not_json(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "malformed"}})
    with pytest.raises(json.JSONDecodeError):
        await _plain(claude)
    await control.script({"fault": {"kind": "garbage_sse"}})
    with pytest.raises(json.JSONDecodeError):
        await _streamed(claude)


async def test_an_error_inside_a_stream(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "stream_error"}})
    with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
        await _streamed(claude)


async def test_answers_that_are_whole_but_wrong(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    for call in (_plain, _streamed):
        await control.script({"fault": {"kind": "refusal"}})
        refused = await call(claude)
        assert (refused.stop_reason, refused.content) == ("refusal", [])
        await control.script({"fault": {"kind": "max_tokens"}})
        truncated = await call(claude)
        assert truncated.stop_reason == "max_tokens"
        with pytest.raises(json.JSONDecodeError):
            json.loads(text_of(truncated))
        await control.script({"fault": {"kind": "off_schema"}})
        assert json.loads(text_of(await call(claude))).keys() != SCHEMA["properties"]


async def test_an_error_inside_a_stream_can_be_any(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    fault = {"kind": "stream_error", "status": 500, "message": "Lost.", "after_events": 1}
    await control.script({"fault": fault})
    with pytest.raises(anthropic.APIStatusError, match=r"api_error.*Lost\."):
        await _streamed(claude)


async def test_an_answer_that_stalls_in_its_middle(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "stall", "after_events": 4}})
    seen: list[str] = []

    async def read() -> None:
        async for event in await claude.messages.create(**ASKED, stream=True, timeout=0.2):
            seen.append(event.type)

    with pytest.raises(httpx2.ReadTimeout):
        await read()
    assert seen == ["message_start", "content_block_start", "content_block_delta"]
    with pytest.raises(anthropic.APITimeoutError):
        await _plain(claude, timeout=0.2)
    aborted = await control.requests(outcome="ABORTED", at_least=2, wait_ms=5_000)
    assert [request["events_sent"] for request in aborted] == [4, 0]


async def test_the_record_says_when_a_client_left(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "silent"}})
    call = asyncio.create_task(_plain(claude))
    await control.requests(outcome="PENDING", at_least=1, wait_ms=5_000)
    call.cancel()
    (left,) = await control.requests(outcome="ABORTED", at_least=1, wait_ms=5_000)
    await control.script()
    await _plain(claude)
    (answered,) = await control.requests(outcome="ANSWERED", at_least=1, wait_ms=5_000)
    assert left["aborted_ms"] == left["ended_ms"]
    assert 0 < left["ended_ms"] < 5_000  # type: ignore[operator]
    assert (answered["aborted"], answered["aborted_ms"]) == (False, None)
    assert answered["ended_ms"] > 0  # type: ignore[operator]


async def test_deltas_can_be_slow(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.script({"fault": {"kind": "slow_deltas", "seconds": 0.02}})
    began = time.monotonic()
    assert (await _streamed(claude)).stop_reason == "end_turn"
    assert time.monotonic() - began >= 7 * 0.02
    began = time.monotonic()
    assert (await _plain(claude)).stop_reason == "end_turn"
    assert time.monotonic() - began >= 0.02
