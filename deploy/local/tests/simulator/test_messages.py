"""Plain and streamed messages, counting, models and refusals, over the wire with the real SDK."""

import json

import aiohttp
import anthropic
import pytest
from anthropic import AsyncAnthropic

from claude_simulator.testing import Body, FakeTime, text_of

HELLO: Body = {
    "model": "claude-haiku-5-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "Hello"}],
}
VERSION = {"anthropic-version": "2026-10-21", "x-api-key": "sk-not-a-secret"}


async def test_plain_message_names_itself_simulated(claude: AsyncAnthropic) -> None:
    raw = await claude.messages.with_raw_response.create(**HELLO)
    message = await raw.parse()
    assert message.id.startswith("msg_sim_")
    assert (message.model, message.stop_reason) == ("claude-haiku-5-5", "end_turn")
    assert "simulator" in text_of(message)
    assert raw.headers["x-claude-simulator"] == "1"
    assert raw.headers["request-id"].startswith("req_sim_")
    assert int(raw.headers["anthropic-ratelimit-requests-remaining"]) < int(
        raw.headers["anthropic-ratelimit-requests-limit"]
    )


async def test_stream_carries_the_same_text_and_usage_as_the_plain_answer(claude: AsyncAnthropic) -> None:
    plain = await claude.messages.create(**HELLO)
    async with claude.messages.stream(**HELLO) as stream:
        deltas = [text async for text in stream.text_stream]
        final = await stream.get_final_message()
    assert "".join(deltas) == text_of(plain) == text_of(final)
    assert max(len(delta.split()) for delta in deltas) <= 3
    assert (final.usage.input_tokens, final.usage.output_tokens) == (
        plain.usage.input_tokens,
        plain.usage.output_tokens,
    )


async def test_events_come_in_the_order_of_the_api(http: aiohttp.ClientSession, url: str) -> None:
    async with http.post(f"{url}/v1/messages", json={**HELLO, "stream": True}, headers=VERSION) as answer:
        assert answer.content_type == "text/event-stream"
        names = [line[7:] for line in (await answer.text()).splitlines() if line.startswith("event: ")]
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(names[3:-3]) == {"content_block_delta"}


async def test_count_tokens_agrees_with_usage(claude: AsyncAnthropic) -> None:
    asked: Body = {"model": HELLO["model"], "messages": HELLO["messages"], "system": "Be brief. " * 50}
    counted = await claude.messages.count_tokens(**asked)
    message = await claude.messages.create(**asked, max_tokens=100)
    assert counted.input_tokens == message.usage.input_tokens


async def test_max_tokens_and_stop_sequences_end_the_text(claude: AsyncAnthropic) -> None:
    short = await claude.messages.create(**{**HELLO, "max_tokens": 5})
    assert (short.stop_reason, short.usage.output_tokens) == ("max_tokens", 5)
    stopped = await claude.messages.create(**HELLO, stop_sequences=["simulator"])
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "simulator")
    assert "simulator" not in text_of(stopped)


async def test_models_in_service_are_listed_and_retired_ones_refused(
    claude: AsyncAnthropic, time: FakeTime
) -> None:
    listed = [model.id async for model in claude.models.list()]
    assert {"claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-sonnet-4-5"} <= set(listed)
    assert "claude-sonnet-4-0" not in listed
    time.seconds += 8 * 86_400  # 2026-12-01, the day after claude-sonnet-4-5 retires
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.create(**{**HELLO, "model": "claude-sonnet-4-5"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"model": "claude-nonesuch"}, anthropic.NotFoundError),
        ({"model": "claude-3-5-sonnet-20241022"}, anthropic.NotFoundError),
        ({"max_tokens": 200_000}, anthropic.BadRequestError),
        ({"max_tokens": -1}, anthropic.BadRequestError),
        ({"messages": []}, anthropic.BadRequestError),
        ({"messages": [{"role": "user", "content": ""}]}, anthropic.BadRequestError),
        ({"messages": [{"role": "assistant", "content": "Hi"}]}, anthropic.BadRequestError),
        ({"extra_body": {"temperature": 0.7}}, anthropic.BadRequestError),
        ({"extra_body": {"top_k": 5}}, anthropic.BadRequestError),
        ({"stop_sequences": [" "]}, anthropic.BadRequestError),
    ],
)
async def test_what_the_api_refuses(claude: AsyncAnthropic, change: Body, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        await claude.messages.create(**{**HELLO, **change}, timeout=5)
    assert isinstance(refused.value, anthropic.APIStatusError)
    assert refused.value.request_id is not None
    assert isinstance(refused.value.body, dict)
    assert refused.value.body["request_id"] == refused.value.request_id


async def test_sampling_is_taken_by_an_older_model_on_an_older_version(
    http: aiohttp.ClientSession, url: str
) -> None:
    older = {**HELLO, "model": "claude-haiku-4-5", "temperature": 0.7}
    headers = {**VERSION, "anthropic-version": "2023-06-01"}
    async with http.post(f"{url}/v1/messages", json=older, headers=headers) as answer:
        assert answer.status == 200
    async with http.post(f"{url}/v1/messages", json=older, headers=VERSION) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    "headers", [{}, {"x-api-key": " "}, {"authorization": "Bearer "}, {"authorization": "Basic x"}]
)
async def test_no_key_no_answer(http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> None:
    async with http.post(f"{url}/v1/messages", json=HELLO, headers=headers) as answer:
        assert answer.status == 401
        assert (await answer.json())["error"]["type"] == "authentication_error"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"model": ', 400, "invalid_request_error"),
        (b"[]", 400, "invalid_request_error"),
        (
            json.dumps({"model": "claude-haiku-5-5", "messages": HELLO["messages"]}).encode(),
            400,
            "invalid_request_error",
        ),
        (b" " * (32 * 1024 * 1024 + 1), 413, "request_too_large"),
    ],
    ids=["malformed", "no object", "no max_tokens", "too large"],
)
async def test_bad_bodies(http: aiohttp.ClientSession, url: str, body: bytes, status: int, kind: str) -> None:
    async with http.post(f"{url}/v1/messages", data=body, headers=VERSION) as answer:
        assert (answer.status, (await answer.json())["error"]["type"]) == (status, kind)


async def test_unknown_paths_answer_in_the_apis_error_shape(http: aiohttp.ClientSession, url: str) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{url}/v1/nonesuch") as answer:
        assert (answer.status, (await answer.json())["error"]["type"]) == (404, "not_found_error")
