"""What a prompt cache reads and writes, by itself and in the usage the SDK reports."""

import asyncio

from anthropic import AsyncAnthropic
from hypothesis import given
from hypothesis import strategies as st

from claude_simulator.control_client import SimulatorControl
from claude_simulator.prompt_cache import FIVE_MINUTES, MIN_TOKENS, ONE_HOUR, PromptBlock, PromptCache
from claude_simulator.testing import Body, FakeTime, asking, closed, output_config

LONG = "The parties agree as follows. " * 400


def _cached(question: str, ttl: str = "5m", text: str = LONG) -> Body:
    arguments: Body = asking(text, question)
    arguments["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": ttl}
    return arguments


async def _usage(claude: AsyncAnthropic, arguments: Body) -> tuple[int, int, int]:
    usage = (await claude.messages.create(**arguments)).usage
    return usage.input_tokens, usage.cache_creation_input_tokens or 0, usage.cache_read_input_tokens or 0


async def test_the_first_question_writes_and_the_next_ones_read(claude: AsyncAnthropic) -> None:
    fresh, written, read = await _usage(claude, _cached("One?"))
    assert read == 0
    assert written > MIN_TOKENS > fresh
    assert await _usage(claude, _cached("Two?")) == (fresh, 0, written)


async def test_an_entry_lives_five_minutes_after_its_last_use(claude: AsyncAnthropic, time: FakeTime) -> None:
    _, written, _ = await _usage(claude, _cached("One?"))
    for _ in range(3):
        time.seconds += FIVE_MINUTES - 1
        assert (await _usage(claude, _cached("Two?")))[2] == written
    time.seconds += FIVE_MINUTES
    assert (await _usage(claude, _cached("Three?")))[1:] == (written, 0)


async def test_one_hour_entries_are_counted_apart(claude: AsyncAnthropic, time: FakeTime) -> None:
    usage = (await claude.messages.create(**_cached("One?", ttl="1h"))).usage
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_5m_input_tokens == 0
    assert usage.cache_creation.ephemeral_1h_input_tokens == usage.cache_creation_input_tokens
    time.seconds += ONE_HOUR - 1
    assert (await _usage(claude, _cached("Two?", ttl="1h")))[2] > 0


async def test_short_prefixes_other_models_and_other_schemas_share_nothing(claude: AsyncAnthropic) -> None:
    assert (await _usage(claude, _cached("One?", text="short")))[1:] == (0, 0)
    await _usage(claude, _cached("One?"))
    assert (await _usage(claude, {**_cached("One?"), "model": "claude-opus-5-5"}))[2] == 0
    schema = output_config(closed({"a": {"type": "string"}}))
    assert (await _usage(claude, {**_cached("One?"), "output_config": schema}))[2] == 0


async def test_streams_report_the_cache_in_their_first_and_last_usage(claude: AsyncAnthropic) -> None:
    await _usage(claude, _cached("One?"))
    async with claude.messages.stream(**_cached("Two?")) as stream:
        events = [event async for event in stream]
    started = next(event for event in events if event.type == "message_start")
    ended = next(event for event in events if event.type == "message_delta")
    assert started.message.usage.cache_read_input_tokens == ended.usage.cache_read_input_tokens
    assert (ended.usage.cache_read_input_tokens or 0) > MIN_TOKENS


async def test_identical_prompts_in_flight_together_all_write(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"match": {"contains": "agree"}, "delay_ms": 50})
    usages = await asyncio.gather(*(_usage(claude, _cached("One?")) for _ in range(3)))
    assert all(written > 0 and read == 0 for _, written, read in usages)
    assert (await _usage(claude, _cached("One?")))[2] > 0


sizes = st.lists(
    st.tuples(st.integers(1, 3_000), st.sampled_from([None, FIVE_MINUTES, ONE_HOUR])), max_size=8
)


@given(sizes)
def test_every_token_is_billed_exactly_once(blocks: list[tuple[int, float | None]]) -> None:
    cache = PromptCache(FakeTime().clock)
    prompt = [PromptBlock(bytes([index]), tokens, ttl) for index, (tokens, ttl) in enumerate(blocks)]
    total = sum(block.tokens for block in prompt)
    first = cache.plan("account", prompt)
    cache.begin(first)
    second = cache.plan("account", prompt)
    assert first.use.total == second.use.total == total
    assert first.use.read == second.use.written == 0
    assert second.use.read == first.use.written
    assert min(first.use.uncached, first.use.write_5m, first.use.write_1h) >= 0
