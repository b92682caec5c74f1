"""Rate limits as the headers of every answer tell them, and as 429s where they are enforced."""

from datetime import UTC, datetime, timedelta

import aiohttp
import anthropic
import pytest
from anthropic import AsyncAnthropic

from claude_simulator.control_client import SimulatorControl
from claude_simulator.rate_limits import RateLimits, RateMeter
from claude_simulator.testing import Body, FakeTime, asking

HELLO: Body = {
    "model": "claude-haiku-5-5",
    "max_tokens": 500,
    "messages": [{"role": "user", "content": "Hello"}],
}
LONG = "The parties agree as follows. " * 400
KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
VERSION = {"anthropic-version": "2026-10-21", "x-api-key": "sk-not-a-secret"}


async def headers(claude: AsyncAnthropic, asked: Body = HELLO) -> dict[str, str]:
    raw = await claude.messages.with_raw_response.create(**asked)
    return dict(raw.headers)


async def refused(claude: AsyncAnthropic, asked: Body = HELLO) -> anthropic.RateLimitError:
    with pytest.raises(anthropic.RateLimitError) as raised:
        await claude.messages.create(**asked)
    return raised.value


def reset(told: dict[str, str], kind: str = "requests") -> datetime:
    return datetime.strptime(told[f"anthropic-ratelimit-{kind}-reset"], "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=UTC
    )


async def test_what_remains_comes_back_evenly(
    claude: AsyncAnthropic, control: SimulatorControl, time: FakeTime
) -> None:
    await control.limits(requests=60)
    for left in (59, 58, 57):
        told = await headers(claude)
        assert told["anthropic-ratelimit-requests-limit"] == "60"
        assert told["anthropic-ratelimit-requests-remaining"] == str(left)
    assert reset(told) == time.now() + timedelta(seconds=3)
    time.seconds += 2
    assert (await headers(claude))["anthropic-ratelimit-requests-remaining"] == "58"


async def test_limits_that_are_not_enforced_are_only_told(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.limits(requests=1)
    for _ in range(3):
        assert (await headers(claude))["anthropic-ratelimit-requests-remaining"] == "0"


async def test_one_request_too_many_says_when_to_come_back(
    claude: AsyncAnthropic, control: SimulatorControl, time: FakeTime
) -> None:
    await control.limits(requests=4, enforced=True)
    for _ in range(4):
        await headers(claude)
    too_many = await refused(claude)
    assert too_many.response.headers["retry-after"] == "15"
    assert too_many.response.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert too_many.type == "rate_limit_error"
    time.seconds += 15
    await headers(claude)
    await refused(claude)


async def test_input_counts_but_not_what_is_read_from_the_prompt_cache(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    asked: Body = asking(LONG, "One?")
    asked["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral"}
    await control.limits(input_tokens=5_000, enforced=True)
    assert (await headers(claude, asked))["anthropic-ratelimit-input-tokens-remaining"] == "2000"
    for _ in range(5):
        told = await headers(claude, asked)
    assert told["anthropic-ratelimit-input-tokens-remaining"] == "2000"
    other = await refused(claude, asking(LONG, "Two?"))
    assert "input tokens" in str(other)


async def test_output_counts_once_it_is_there(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    await control.limits(output_tokens=10, enforced=True)
    await headers(claude)
    assert "output tokens" in str(await refused(claude))


async def test_every_answer_carries_them_and_an_id(
    http: aiohttp.ClientSession, url: str, control: SimulatorControl
) -> None:
    bodies = {"messages": HELLO, "messages/count_tokens": HELLO, "messages/batches": {}, "nonesuch": {}}
    for path, body in bodies.items():
        async with http.post(f"{url}/v1/{path}", json=body, headers=VERSION) as answer:
            assert answer.headers["request-id"].startswith("req_")
            for kind in KINDS:
                limit, left = (
                    int(answer.headers[f"anthropic-ratelimit-{kind}-{part}"])
                    for part in ("limit", "remaining")
                )
                assert 0 <= left <= limit
                reset(dict(answer.headers), kind)


@pytest.mark.parametrize("limits", [{"requests": 0}, {"requests": "1"}, {"enforced": 1}, {"nonesuch": 1}, []])
async def test_limits_that_make_no_sense_are_refused(
    http: aiohttp.ClientSession, url: str, limits: object
) -> None:
    async with http.post(f"{url}/_simulator/limits", json=limits) as answer:
        assert answer.status == 400


def test_the_tokens_that_remain_are_told_in_thousands() -> None:
    time = FakeTime()
    meter = RateMeter(RateLimits(input_tokens=10_000, output_tokens=2_000), time.clock, time.now)
    meter.admit(1_700)
    told = meter.headers()
    assert told["anthropic-ratelimit-input-tokens-remaining"] == "8000"
    assert told["anthropic-ratelimit-tokens-limit"] == "12000"
    assert told["anthropic-ratelimit-tokens-remaining"] == "10000"
    assert reset(told, "tokens") == reset(told, "input-tokens") == time.now() + timedelta(seconds=11)
