"""What a prompt cache reads and writes, by itself and in the usage the SDK reports."""

import asyncio

import anthropic
import pytest
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


async def test_five_minutes_and_one_hour_are_counted_each_by_itself(claude: AsyncAnthropic) -> None:
    both = _cached("One?")
    both["system"] = [_text("Be brief. " * 600, "1h")]
    created = (await claude.messages.create(**both)).usage.cache_creation
    assert created is not None
    assert created.ephemeral_1h_input_tokens > MIN_TOKENS
    assert created.ephemeral_5m_input_tokens > MIN_TOKENS
    other = {**both, "messages": _cached("Two?", text=LONG + "More.")["messages"]}
    usage = (await claude.messages.create(**other)).usage
    assert usage.cache_read_input_tokens == created.ephemeral_1h_input_tokens
    assert usage.cache_creation is not None
    assert usage.cache_creation.ephemeral_1h_input_tokens == 0
    assert usage.cache_creation.ephemeral_5m_input_tokens > MIN_TOKENS


@pytest.mark.parametrize(
    ("model", "shortest"), [("claude-opus-5", 512), ("claude-sonnet-5-5", 1_024), ("claude-haiku-4-5", 4_096)]
)
async def test_what_is_shorter_than_the_model_caches_is_not_cached_and_nothing_says_so(
    claude: AsyncAnthropic, model: str, shortest: int
) -> None:
    for tokens, cached in ((shortest - 20, False), (shortest + 20, True)):
        asked = _cached("One?", text="x" * (tokens * 36 // 10))
        _, written, _ = await _usage(claude, {**asked, "model": model})
        assert (written > 0) is cached


@pytest.mark.parametrize(("between", "hit"), [(19, True), (20, False)])
async def test_an_entry_is_found_from_a_breakpoint_at_most_20_blocks_on(
    claude: AsyncAnthropic, between: int, hit: bool
) -> None:
    first = _text(LONG, "5m")
    await _usage(claude, _turn(first))
    grown = [_text(LONG), *(_text(f"Block {number}.") for number in range(between - 1)), _text("End.", "5m")]
    _, written, read = await _usage(claude, _turn(*grown))
    assert (read > MIN_TOKENS) is hit
    assert written > 0


async def test_the_last_block_can_be_marked_for_the_request_as_a_whole(claude: AsyncAnthropic) -> None:
    automatic = {**asking(LONG, "One?"), "cache_control": {"type": "ephemeral"}}
    fresh, written, _ = await _usage(claude, automatic)
    assert (fresh, written > MIN_TOKENS) == (0, True)
    assert await _usage(claude, automatic) == (0, 0, written)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([("a", "5m")] * 5, "maximum of 4 blocks .* Found 5"),
        ([("a", "5m"), ("b", "1h")], "must not come after a ttl='5m'"),
        ([("a", "2h")], "'5m' or '1h'"),
    ],
)
async def test_marks_that_the_api_refuses(
    claude: AsyncAnthropic, content: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        await _usage(claude, _turn(*(_text(text, ttl) for text, ttl in content)))


async def test_input_may_be_told_only_at_the_end_of_a_stream(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"usage": "late"})
    async with claude.messages.stream(**_cached("One?")) as stream:
        events = [event async for event in stream]
    started = next(event for event in events if event.type == "message_start").message.usage
    ended = next(event for event in events if event.type == "message_delta").usage
    assert (started.input_tokens, started.output_tokens) == (0, 0)
    assert started.cache_creation_input_tokens == ended.cache_creation_input_tokens
    assert ended.input_tokens
    assert ended.output_tokens
    (recorded,) = await control.requests()
    assert recorded["usage"]["input_tokens"] == ended.input_tokens  # type: ignore[index]


async def test_a_cache_is_warmed_without_an_answer(claude: AsyncAnthropic) -> None:
    warmed = await claude.messages.create(**{**_cached("One?"), "max_tokens": 0})
    assert (warmed.content, warmed.stop_reason, warmed.usage.output_tokens) == ([], "max_tokens", 0)
    assert (await _usage(claude, _cached("Two?")))[2] == warmed.usage.cache_creation_input_tokens


def _text(text: str, ttl: str | None = None) -> Body:
    block: Body = {"type": "text", "text": text}
    return {**block, "cache_control": {"type": "ephemeral", "ttl": ttl}} if ttl else block


def _turn(*content: Body) -> Body:
    return {**asking("", ""), "messages": [{"role": "user", "content": list(content)}]}


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
