"""Message batches as the real SDK creates, watches, cancels and reads them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import aiohttp
import anthropic
import pytest
from anthropic import AsyncAnthropic
from anthropic.types.messages import (
    MessageBatch,
    MessageBatchErroredResult,
    MessageBatchIndividualResponse,
    MessageBatchSucceededResult,
)
from anthropic.types.messages.batch_create_params import Request

from claude_simulator.batches.store import BatchLimits
from claude_simulator.control_client import SimulatorControl
from claude_simulator.server import serving
from claude_simulator.simulation import Simulation
from claude_simulator.testing import Body, FakeTime, asking, text_of

DAY = 86_400
HOLD = {"match": {"endpoint": "batches.create"}, "hold": True}
VERSION = {"anthropic-version": "2026-10-21", "x-api-key": "sk-not-a-secret"}
LONG = "The parties agree as follows. " * 400


@pytest.fixture
async def url(time: FakeTime) -> AsyncIterator[str]:
    """A simulator whose batches are small and soon done."""
    limits = BatchLimits(requests=50, body=300_000, seconds=0.01)
    async with serving(Simulation(clock=time.clock, now=time.now, batch_limits=limits)) as base:
        yield base


def item(custom_id: str, text: str = "Hello", **change: object) -> Body:
    params = {"model": "claude-haiku-5-5", "max_tokens": 500, "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "params": {**params, **change}}


async def create(claude: AsyncAnthropic, *items: Body) -> MessageBatch:
    return await claude.messages.batches.create(requests=cast("list[Request]", items))


async def ended(
    claude: AsyncAnthropic, control: SimulatorControl, batch: MessageBatch, count: int = 1
) -> MessageBatch:
    await control.batches(status="ended", at_least=count, wait_ms=5_000)
    return await claude.messages.batches.retrieve(batch.id)


async def results(claude: AsyncAnthropic, batch: MessageBatch) -> list[MessageBatchIndividualResponse]:
    return [line async for line in await claude.messages.batches.results(batch.id)]


async def test_a_batch_goes_from_progress_to_its_results(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"match": {"contains": "second"}, "answer": {"text": "Two."}})
    created = await create(claude, item("a", "first"), item("b", "second"), item("c", "third"))
    assert (created.processing_status, created.results_url, created.ended_at) == ("in_progress", None, None)
    assert created.request_counts.processing == 3
    assert (created.expires_at - created.created_at).total_seconds() == DAY

    batch = await ended(claude, control, created)
    assert batch.processing_status == "ended"
    assert (batch.request_counts.processing, batch.request_counts.succeeded) == (0, 3)
    assert batch.results_url == f"{control.url}/v1/messages/batches/{batch.id}/results"
    lines = await results(claude, batch)
    assert sorted(line.custom_id for line in lines) == ["a", "b", "c"]
    assert [line.custom_id for line in lines] != ["a", "b", "c"]
    (two,) = [line.result for line in lines if line.custom_id == "b"]
    assert isinstance(two, MessageBatchSucceededResult)
    assert text_of(two.message) == "Two."
    assert two.message.usage.service_tier == "batch"


async def test_an_item_is_answered_as_the_message_would_be(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    document = asking(LONG, "One?")
    document["messages"][0]["content"][0]["cache_control"] = {"type": "ephemeral", "ttl": "1h"}
    batch = await ended(
        claude, control, await create(claude, *({"custom_id": name, "params": document} for name in "ab"))
    )
    second, first = [line.result for line in await results(claude, batch)][::-1]
    assert isinstance(first, MessageBatchSucceededResult)
    assert isinstance(second, MessageBatchSucceededResult)
    plain = await claude.messages.create(**document)
    wrote, read = first.message.usage, second.message.usage
    if wrote.cache_read_input_tokens:
        wrote, read = read, wrote
    assert wrote.cache_creation is not None
    assert wrote.cache_creation.ephemeral_1h_input_tokens == read.cache_read_input_tokens
    assert read.cache_read_input_tokens == plain.usage.cache_read_input_tokens
    assert read.output_tokens == plain.usage.output_tokens


async def test_items_fail_each_by_itself(claude: AsyncAnthropic, control: SimulatorControl) -> None:
    def scripted(custom_id: str, **fault: object) -> Body:
        return {"match": {"endpoint": "batch_item", "custom_id": custom_id}, "fault": fault}

    await control.script(
        scripted("overloaded", kind="status", status=529, message="Overloaded"),
        scripted("late", kind="expire"),
        scripted("broken", kind="cut_body"),
        scripted("refused", kind="refusal"),
    )
    names = ("overloaded", "late", "broken", "refused", "fine")
    wrong = [
        item("no-model", model="claude-nonesuch"),
        item("streamed", stream=True),
        item("no-answer", max_tokens=0),
        item("no-tool", tools=["x"]),
    ]
    batch = await ended(claude, control, await create(claude, *map(item, names), *wrong))
    told = {line.custom_id: line.result for line in await results(claude, batch)}

    errors = {
        name: result.error.error.type
        for name, result in told.items()
        if isinstance(result, MessageBatchErroredResult)
    }
    assert errors == {
        "overloaded": "overloaded_error", "broken": "api_error", "no-model": "not_found_error",
        "streamed": "invalid_request_error", "no-answer": "invalid_request_error",
        "no-tool": "invalid_request_error",
    }  # fmt: skip
    assert told["late"].type == "expired"
    refused = told["refused"]
    assert isinstance(refused, MessageBatchSucceededResult)
    assert refused.message.stop_reason == "refusal"
    counts = batch.request_counts
    assert (counts.succeeded, counts.errored, counts.expired, counts.canceled) == (2, 6, 1, 0)


async def test_a_held_batch_waits_until_it_is_released(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script(HOLD)
    held = await create(claude, item("a"), item("b"))
    free = await ended(claude, control, await create(claude, item("c")), count=0)
    assert (await claude.messages.batches.retrieve(held.id)).processing_status == "in_progress"
    assert free.processing_status == "in_progress"
    with pytest.raises(anthropic.AnthropicError, match="results_url"):
        await results(claude, held)
    with pytest.raises(anthropic.BadRequestError):
        await claude.messages.batches.delete(held.id)
    await control.release(held.id)
    assert (await ended(claude, control, held)).processing_status == "ended"
    assert (await claude.messages.batches.retrieve(free.id)).processing_status == "in_progress"
    await control.release()
    await ended(claude, control, free, count=2)


async def test_cancelling_keeps_what_was_answered_before(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script(HOLD)
    held = await create(claude, *(item(name) for name in "abc"))
    await control.release(held.id, items=1)
    canceling = await claude.messages.batches.cancel(held.id)
    assert canceling.processing_status == "canceling"
    assert canceling.cancel_initiated_at is not None
    assert canceling.request_counts.processing == 3
    again = await claude.messages.batches.cancel(held.id)
    assert again.cancel_initiated_at == canceling.cancel_initiated_at
    await control.release(held.id)
    batch = await ended(claude, control, held)
    assert (batch.request_counts.succeeded, batch.request_counts.canceled) == (1, 2)
    assert sorted(line.result.type for line in await results(claude, batch)) == [
        "canceled", "canceled", "succeeded",
    ]  # fmt: skip
    with pytest.raises(anthropic.BadRequestError):
        await claude.messages.batches.cancel(held.id)


async def test_what_is_not_answered_in_a_day_expires_and_results_are_kept_for_29(
    claude: AsyncAnthropic, control: SimulatorControl, time: FakeTime
) -> None:
    await control.script(HOLD)
    held = await create(claude, item("a"), item("b"))
    await control.release(held.id, items=1)
    time.seconds += DAY
    batch = await claude.messages.batches.retrieve(held.id)
    assert (batch.processing_status, batch.ended_at) == ("ended", held.expires_at)
    assert (batch.request_counts.succeeded, batch.request_counts.expired) == (1, 1)
    assert [line.result.type for line in await results(claude, batch)] == ["succeeded", "expired"]
    time.seconds += 28 * DAY
    archived = await claude.messages.batches.retrieve(held.id)
    assert archived.archived_at is not None
    assert archived.results_url is None


async def test_the_list_is_paged_both_ways_newest_first(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    made = [(await create(claude, item("a"))).id for _ in range(5)]
    newest_first = made[::-1]
    assert [batch.id async for batch in claude.messages.batches.list(limit=2)] == newest_first
    page = await claude.messages.batches.list(limit=2, after_id=newest_first[1])
    assert ([batch.id for batch in page.data], page.has_more) == (newest_first[2:4], True)
    newer = await claude.messages.batches.list(limit=2, before_id=newest_first[3])
    assert ([batch.id for batch in newer.data], newer.has_more) == (newest_first[1:3], True)
    backwards = [batch.id async for batch in claude.messages.batches.list(limit=2, before_id=newest_first[3])]
    assert sorted(backwards) == sorted(newest_first[:3])
    for wrong in ({"limit": 0}, {"limit": 1_001}, {"after_id": "msgbatch_none"}):
        with pytest.raises(anthropic.BadRequestError):
            await claude.messages.batches.list(**wrong)


async def test_a_deleted_batch_is_gone_but_the_control_plane_knows_it(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    batch = await ended(claude, control, await create(claude, item("a")))
    assert (await claude.messages.batches.delete(batch.id)).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.batches.retrieve(batch.id)
    assert [one async for one in claude.messages.batches.list()] == []
    (known,) = await control.batches()
    assert (known["id"], known["deleted"]) == (batch.id, True)
    assert [one["custom_id"] for one in known["items"]] == ["a"]  # type: ignore[attr-defined]


async def test_batches_belong_to_the_account_that_made_them(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    batch = await create(claude, item("a"))
    other = claude.with_options(api_key="sk-of-somebody-else")
    assert [one async for one in other.messages.batches.list()] == []
    with pytest.raises(anthropic.NotFoundError):
        await other.messages.batches.retrieve(batch.id)


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([], "at least 1 item"),
        ([item("a"), item("a")], "must be unique"),
        ([item("a" * 65)], "at most 64 characters"),
        ([item("")], "match pattern"),
        ([item("a b")], "match pattern"),
        ([{"custom_id": "a"}], r"requests\.0\.params: Field required"),
        ([item("a"), {"params": {}}], r"requests\.1\.custom_id: Field required"),
        ([{**item("a"), "more": 1}], "Extra inputs"),
        ([item(str(number)) for number in range(51)], "at most 50 items"),
    ],
)
async def test_what_no_batch_is_made_of(
    claude: AsyncAnthropic, control: SimulatorControl, requests: list[Body], said: str
) -> None:
    with pytest.raises(anthropic.BadRequestError, match=said):
        await create(claude, *requests)
    assert await control.batches() == []


async def test_a_batch_may_be_large_but_not_too_large(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await create(claude, item("a", "x" * 280_000))
    with pytest.raises(anthropic.RequestTooLargeError):
        await create(claude, item("a", "x" * 320_000))
    assert len(await control.batches()) == 1


@pytest.mark.parametrize("call", ["create", "retrieve", "list", "cancel", "delete", "results"])
async def test_each_call_can_be_made_to_fail(
    claude: AsyncAnthropic, control: SimulatorControl, call: str
) -> None:
    batch = await ended(claude, control, await create(claude, item("a")))
    await control.script(
        {"match": {"endpoint": f"batches.{call}"}, "times": 1, "fault": {"kind": "status", "status": 529}}
    )
    batches = claude.messages.batches
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "create": lambda: create(claude, item("b")), "retrieve": lambda: batches.retrieve(batch.id),
        "list": lambda: batches.list(), "cancel": lambda: batches.cancel(batch.id),
        "delete": lambda: batches.delete(batch.id), "results": lambda: results(claude, batch),
    }  # fmt: skip
    with pytest.raises(anthropic.OverloadedError):
        await calls[call]()
    assert len(await control.batches()) == 1
    assert await claude.messages.create(**item("x")["params"])


async def test_an_answer_that_is_cut_leaves_a_batch_that_nobody_knows_of(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"match": {"endpoint": "batches.create"}, "fault": {"kind": "cut_body"}})
    with pytest.raises(anthropic.APIConnectionError):
        await create(claude, item("a"))
    (left,) = await control.batches(at_least=1, wait_ms=5_000)
    assert [batch.id async for batch in claude.messages.batches.list()] == [left["id"]]


async def test_rules_that_name_no_endpoint_are_for_questions_alone(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await control.script({"fault": {"kind": "status", "status": 500}})
    batch = await ended(claude, control, await create(claude, item("a")))
    assert batch.request_counts.errored == 1


async def test_the_counts_tell_of_items_apart_from_messages(
    claude: AsyncAnthropic, control: SimulatorControl
) -> None:
    await ended(claude, control, await create(claude, item("a"), item("b")))
    counts = await control.counts()
    assert counts["batch_items_succeeded"] == 2
    assert counts["batch_input_tokens"] > 0
    assert "input_tokens" not in counts


async def test_results_are_lines_of_json(
    http: aiohttp.ClientSession, claude: AsyncAnthropic, url: str
) -> None:
    control = SimulatorControl(url, http)
    batch = await ended(claude, control, await create(claude, item("a"), item("b")))
    assert batch.results_url is not None
    async with http.get(batch.results_url, headers=VERSION) as answer:
        assert answer.content_type == "application/x-jsonl"
        assert answer.headers["request-id"].startswith("req_sim_")
        assert len((await answer.text()).splitlines()) == 2
    await control.script({"match": {"endpoint": "batches.results"}, "fault": {"kind": "cut_body"}})
    with pytest.raises(aiohttp.ClientPayloadError):
        async with http.get(batch.results_url, headers=VERSION) as answer:
            await answer.read()
