"""Batches from their creation to their results: all or none, once, at half price, and nobody else's."""

import asyncio
import json
from decimal import ROUND_HALF_UP, Decimal
from uuid import uuid4

import grpc
import pytest

from ai_gateway.batches import leases
from ai_gateway_testing import batching
from ai_gateway_testing.batching import Batch, Bulk
from ai_gateway_testing.gateway import TASK, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2, batch_service_pb2
from bloom.errors.v1 import errors_pb2

Outcome = batch_service_pb2.BatchResult
SCHEMA = json.dumps(
    {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    }
)
# USD per million tokens of Sonnet 5.5: input, output, 5-minute write, read.
INPUT, OUTPUT, WRITE, READ = Decimal(2), Decimal(10), Decimal("2.5"), Decimal("0.1")


def answering(contains: str, text: str) -> dict[str, object]:
    """A rule for items that contain this."""
    return {"match": {"endpoint": "batch_item", "contains": contains}, "answer": {"text": text}}


HOLD: dict[str, object] = {"match": {"endpoint": "batches.create"}, "hold": True}


async def limit(bulk: Bulk, micro_usd: int) -> None:
    """The organization may spend so much a day."""
    budget = ai_pb2.Budget(
        name="budgets/organization", period=ai_pb2.Budget.PERIOD_DAY, limit_micro_usd=micro_usd
    )
    request = ai_service_pb2.UpdateBudgetRequest(budget=budget)
    admin = bulk.client.signer.subject(bulk.client.org, "ai.budgets.write")
    await bulk.client.stub.UpdateBudget(request, metadata=(("authorization", f"Bearer {admin}"),), timeout=10)


async def test_answers_come_back_each_to_its_item(bulk: Bulk) -> None:
    await bulk.claude.script(
        answering("Which city", '{"city": "Austin"}'), answering("asks for", "Seller is [EMAIL-1]."), HOLD
    )
    created = await bulk.create(
        where=prompt("Which city?", schema=SCHEMA), who=prompt("jo@example.com asks for it.")
    )
    assert (created.state, created.counts.total, created.counts.processing) == (Batch.STATE_PENDING, 2, 2)
    [sent] = await bulk.upstream(at_least=1)
    assert "jo@example.com" not in json.dumps(sent["items"])
    assert (await bulk.get(created.name)).state == Batch.STATE_IN_PROGRESS
    await bulk.claude.release()

    batch, results = await bulk.ended(created.name), await bulk.by_id(created.name)

    assert results["where"].text == '{"city": "Austin"}'
    assert results["who"].text == "Seller is jo@example.com."
    assert {result.outcome for result in results.values()} == {Outcome.OUTCOME_SUCCEEDED}
    assert results["who"].completion.stop_reason == ai_pb2.STOP_REASON_END_TURN
    assert results["who"].completion.simulated
    assert results["who"].completion.upstream_request_id == sent["id"]
    assert (batch.counts.succeeded, batch.counts.processing) == (2, 0)
    assert batch.creator.startswith("users/")
    assert batch.end_time.seconds >= batch.create_time.seconds
    assert (batch.expire_time.seconds - batch.create_time.seconds) // 86_400 == 29


async def test_every_item_has_its_own_end(bulk: Bulk) -> None:
    def ruled(word: str, fault: dict[str, object]) -> dict[str, object]:
        return {"match": {"endpoint": "batch_item", "contains": word}, "fault": fault}

    await bulk.claude.script(
        ruled("refusing", {"kind": "refusal"}),
        ruled("cutting", {"kind": "max_tokens"}),
        ruled("expiring", {"kind": "expire"}),
        ruled("failing", {"kind": "status", "status": 500}),
        answering("straying", "no JSON"),
    )
    created = await bulk.create(
        good=prompt("Good?"),
        refused=prompt("refusing"),
        cut=prompt("cutting", schema=SCHEMA),
        cut_text=prompt("cutting short"),
        expired=prompt("expiring"),
        failed=prompt("failing"),
        astray=prompt("straying", schema=SCHEMA),
    )
    batch, results = await bulk.ended(created.name), await bulk.by_id(created.name)

    def of(name: str) -> tuple[str, str]:
        result = results[name]
        reason = errors_pb2.ErrorReason.Name(result.reason).removeprefix("ERROR_REASON_")
        return Outcome.Outcome.Name(result.outcome).removeprefix("OUTCOME_"), reason

    assert of("good") == of("cut_text") == ("SUCCEEDED", "UNSPECIFIED")
    assert of("refused") == ("REFUSED", "AI_REFUSED")
    assert of("cut") == ("TRUNCATED", "AI_ANSWER_TRUNCATED")
    assert of("expired") == ("EXPIRED", "UNSPECIFIED")
    assert of("failed") == ("ERRORED", "AI_UNAVAILABLE")
    assert of("astray") == ("OFF_SCHEMA", "AI_ANSWER_OFF_SCHEMA")
    assert all(not results[name].text for name in ("refused", "cut", "expired", "failed", "astray"))
    # What was generated is paid for, whatever it is worth.
    assert all(results[name].completion.cost_micro_usd > 0 for name in ("refused", "cut", "astray"))
    assert all(results[name].completion.cost_micro_usd == 0 for name in ("expired", "failed"))
    counts = batch.counts
    assert (counts.succeeded, counts.refused, counts.truncated, counts.off_schema) == (2, 1, 1, 1)
    assert (counts.expired, counts.errored, counts.cancelled, counts.processing) == (1, 1, 0, 0)


async def test_the_cost_is_half_and_the_same_everywhere(bulk: Bulk) -> None:
    await limit(bulk, 10**9)
    created = await bulk.create(
        {f"i{n}": prompt(f"Question {n} of many", "x " * n * 50) for n in range(1, 8)}
    )
    batch, results = await bulk.ended(created.name), await bulk.by_id(created.name)

    expected = []
    for result in results.values():
        usage = result.completion.usage
        exact = (
            usage.input_tokens * INPUT
            + usage.output_tokens * OUTPUT
            + usage.cache_write_5m_tokens * WRITE
            + usage.cache_read_tokens * READ
        ) / 2
        expected.append(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
        assert result.completion.cost_micro_usd == expected[-1] > 0
    counts = await bulk.claude.counts()
    assert batch.usage.input_tokens == counts["batch_input_tokens"]
    assert batch.usage.output_tokens == counts["batch_output_tokens"]
    assert batch.cost_micro_usd == sum(expected)
    rows = await bulk.usage_rows()
    assert sorted(row["cost_micro_usd"] for row in rows) == sorted(expected)
    [record] = await bulk.egress()
    assert (record["cost_micro_usd"], record["outcome"]) == (sum(expected), "ANSWERED")
    assert record["reserved_micro_usd"] >= sum(expected)
    [spent] = await bulk.gateway.rows("SELECT * FROM budget_periods WHERE org_id = $1", bulk.client.org)
    assert spent["spent_micro_usd"] == sum(expected)
    told = await bulk.client.usage()
    assert sum(row.cost_micro_usd for row in told.rows) == sum(expected)


async def test_one_bad_item_stops_all(bulk: Bulk) -> None:
    bad = prompt("What?", schema='{"type": "object"}')
    error = await refusal(bulk.create(a=prompt("One"), b=prompt("Two"), c=bad))
    assert (error.code, error.reason_name) == (grpc.StatusCode.INVALID_ARGUMENT, "AI_SCHEMA_INVALID")
    assert error.metadata["field"].startswith("items[2].prompt.output_schema")

    error = await refusal(bulk.create(a=prompt("One"), b=prompt("Two", model="claude-2")))
    assert error.reason_name == "AI_MODEL_UNAVAILABLE"
    assert "items[1]" in error.message

    assert not (await bulk.page(10)).batches
    assert not await bulk.upstream()


async def test_a_name_is_given_once(bulk: Bulk) -> None:
    item = batch_service_pb2.BatchItem(custom_id="twice", prompt=prompt("One"))
    request = batch_service_pb2.CreateBatchRequest(items=[item, item])
    error = await refusal(bulk.stub.CreateBatch(request, metadata=bulk.client.metadata, timeout=10))
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert "items[1].custom_id" in error.message


async def test_bedrock_has_no_batches(start_bulk: batching.Start, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "of-one-test")
    async with start_bulk(claude_transport="bedrock", aws_region="us-west-2") as bulk:
        error = await refusal(bulk.create(a=prompt("One")))
        assert (error.code, error.reason_name) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "AI_NOT_OFFERED",
        )
        assert not (await bulk.page(10)).batches


async def test_other_organizations_see_nothing(bulk: Bulk) -> None:
    await bulk.claude.script(HOLD)
    name = (await bulk.create(a=prompt("Ours"))).name
    stranger = bulk.of(bulk.gateway.other_organization())
    for call in (stranger.get(name), stranger.cancel(name), stranger.results(name)):
        assert (await refusal(call)).code is grpc.StatusCode.NOT_FOUND
    assert not (await stranger.page(10)).batches
    assert not (await bulk.get(name)).HasField("cancel_time")


async def test_the_same_request_is_one_batch(bulk: Bulk) -> None:
    request_id = str(uuid4())
    client = bulk.client
    metadata = client.metadata
    item = batch_service_pb2.BatchItem(custom_id="a", prompt=prompt("Once"))
    request = batch_service_pb2.CreateBatchRequest(items=[item], request_id=request_id)
    first = await bulk.stub.CreateBatch(request, metadata=metadata, timeout=10)
    again = await bulk.stub.CreateBatch(request, metadata=metadata, timeout=10)
    assert first == again
    assert len((await bulk.page(10)).batches) == 1

    other = batch_service_pb2.CreateBatchRequest(items=[item, item], request_id=request_id)
    other.items[1].custom_id = "b"
    error = await refusal(bulk.stub.CreateBatch(other, metadata=metadata, timeout=10))
    assert error.reason_name == "REQUEST_ID_REUSED"


async def test_what_is_kept_is_free(bulk: Bulk) -> None:
    first = await bulk.create(a=prompt("Kept?"), b=prompt("Also kept?"))
    paid = await bulk.ended(first.name)
    texts = {result.custom_id: result.text for result in await bulk.results(first.name)}

    second = await bulk.create(a=prompt("Kept?"), b=prompt("Also kept?"))
    free, results = await bulk.ended(second.name), await bulk.by_id(second.name)
    asked = await bulk.client.ask(prompt("Kept?"))

    assert len(await bulk.upstream()) == 1
    assert {name: result.text for name, result in results.items()} == texts
    assert {one.completion.served_from for one in results.values()} == {ai_pb2.SERVED_FROM_CACHE}
    assert (free.cost_micro_usd, free.list_cost_micro_usd) == (0, paid.list_cost_micro_usd)
    assert asked.completion.served_from == ai_pb2.SERVED_FROM_CACHE
    assert len(await bulk.egress()) == 1
    rows = await bulk.usage_rows()
    assert sum(row["cached"] for row in rows) >= 2
    assert sum(row["cost_micro_usd"] for row in rows) == paid.cost_micro_usd


async def test_bypass_is_neither_read_nor_kept(bulk: Bulk) -> None:
    past = ai_service_pb2.CACHE_POLICY_BYPASS
    for policy in (past, ai_service_pb2.CACHE_POLICY_UNSPECIFIED, past):
        await bulk.ended((await bulk.create(a=prompt("Mine", cache_policy=policy))).name)
    assert len(await bulk.upstream()) == 3


async def test_each_task_and_model_leaves_by_itself(bulk: Bulk) -> None:
    created = await bulk.create(
        a=prompt("1"), b=prompt("2", model="fast"), c=prompt("3", task="tests.other"), d=prompt("4")
    )
    batch = await bulk.ended(created.name)
    assert batch.counts.succeeded == 4
    records = {(row["task"], row["model"]): row["cost_micro_usd"] for row in await bulk.egress()}
    assert records.keys() == {
        (TASK, "claude-sonnet-5-5"),
        (TASK, "claude-haiku-5-5"),
        ("tests.other", "claude-sonnet-5-5"),
    }
    assert sum(records.values()) == batch.cost_micro_usd


async def test_a_cancelled_batch_keeps_what_is_finished(bulk: Bulk) -> None:
    await bulk.claude.script(HOLD)
    name = (await bulk.create(a=prompt("1"), b=prompt("2"), c=prompt("3"))).name
    [sent] = await bulk.upstream(at_least=1)
    await bulk.claude.release(str(sent["id"]), items=1)

    assert (await bulk.cancel(name)).state == Batch.STATE_CANCELLING
    async with asyncio.timeout(5):
        while not await bulk.claude.batches(status="canceling"):  # noqa: ASYNC110 the simulator's state
            await asyncio.sleep(0.02)
    await bulk.claude.release()
    batch = await bulk.ended(name)

    assert (batch.counts.succeeded, batch.counts.cancelled) == (1, 2)
    assert batch.HasField("cancel_time")
    [kept] = [one for one in await bulk.results(name) if one.outcome == Outcome.OUTCOME_SUCCEEDED]
    assert batch.cost_micro_usd == kept.completion.cost_micro_usd > 0
    assert (await bulk.cancel(name)).state == Batch.STATE_ENDED


async def test_a_batch_that_no_budget_has_room_for_is_refused(bulk: Bulk) -> None:
    await limit(bulk, 1_000)
    error = await refusal(bulk.create({f"i{n}": prompt("One") for n in range(9)}))
    assert (error.code, error.reason_name) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "AI_BUDGET_SPENT")
    assert not await bulk.upstream()


async def test_what_runs_holds_its_budget(bulk: Bulk) -> None:
    await bulk.claude.script(HOLD)
    await limit(bulk, 40_000)
    most = prompt("One", max_tokens=5_000)
    name = (await bulk.create(a=most)).name
    await bulk.upstream(at_least=1)
    error = await refusal(bulk.create(a=most))
    assert error.reason_name == "AI_BUDGET_SPENT"

    await bulk.claude.release()
    await bulk.ended(name)
    await bulk.claude.script()
    again = await bulk.ended((await bulk.create(a=prompt("Two", max_tokens=1_000))).name)
    assert again.counts.succeeded == 1


async def test_results_go_on_behind_the_last_one(bulk: Bulk) -> None:
    name = (await bulk.create({f"i{n}": prompt(f"Question {n}") for n in range(9)})).name
    await bulk.ended(name)
    whole = await bulk.results(name)
    assert [result.seq for result in whole] == list(range(1, 10))
    for after in (0, 4, 9, 100):
        assert await bulk.results(name, after) == whole[after:]


async def test_batches_are_listed_newest_first(bulk: Bulk) -> None:
    names = [(await bulk.create(a=prompt(str(n)))).name for n in range(5)]
    first = await bulk.page(2)
    second = await bulk.page(2, first.next_page_token)
    third = await bulk.page(2, second.next_page_token)
    found = [batch.name for page in (first, second, third) for batch in page.batches]
    assert found == names[::-1]
    assert not third.next_page_token


async def test_an_old_batch_is_removed(bulk: Bulk) -> None:
    """After its time a batch is gone, with all that was withheld from Claude."""
    name = (await bulk.create(a=prompt("One: jo@example.com"))).name
    await bulk.ended(name)
    await bulk.age(name, "30 days")
    async with bulk.runner_tools() as tools:
        assert await leases.remove_old(tools.postgres) == 1
    assert (await refusal(bulk.get(name))).code is grpc.StatusCode.NOT_FOUND
    assert not await bulk.gateway.rows("SELECT * FROM batch_items WHERE org_id = $1", bulk.client.org)


async def test_nothing_of_what_was_asked_is_kept_behind_a_result(bulk: Bulk) -> None:
    await bulk.ended((await bulk.create(a=prompt("One"))).name)
    [row] = await bulk.gateway.rows("SELECT params FROM batch_items WHERE org_id = $1", bulk.client.org)
    assert row["params"] is None
