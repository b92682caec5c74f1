"""Exact money: the price sheet by hand-made figures, and the ledger against the answers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from google.protobuf import timestamp_pb2

from ai_gateway.claude.models import known_models
from ai_gateway.money.prices import UnpricedError, published
from ai_gateway.money.tokens import Tokens
from ai_gateway_testing.gateway import TASK, Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2

NOW = date(2026, 11, 23)
REQUEST = "018f0000-0000-7000-8000-0000000000bb"


@pytest.mark.parametrize(
    ("model", "day", "tokens", "cost", "list_cost"),
    [
        # input, output, read, 5m write, 1h write                       each line worked out by hand
        ("claude-sonnet-5-5", NOW, Tokens(1000, 500), 7_000, 7_000),
        ("claude-sonnet-5-5", NOW, Tokens(100, 10, 20_000), 2_300, 40_300),
        ("claude-sonnet-5-5", date(2026, 10, 6), Tokens(100, 10, 20_000), 4_300, 40_300),
        ("claude-sonnet-5-5", date(2026, 10, 7), Tokens(100, 10, 20_000), 2_300, 40_300),
        ("claude-sonnet-5-5", NOW, Tokens(0, 0, 0, 1001), 2_503, 2_002),  # 2,502.5 is rounded up
        ("claude-opus-5-5", NOW, Tokens(1, 1, 1, 1, 1), 37, 36),  # 4 + 20 + 0.2 + 5 + 8 = 37.2
        ("claude-opus-5", NOW, Tokens(1000, 1000, 1000, 1000, 1000), 46_750, 45_000),
        ("claude-fable-5-1", NOW, Tokens(10, 10, 1000), 850, 10_600),
        ("claude-haiku-5-5", NOW, Tokens(100_000, 0), 10_000, 10_000),
        ("claude-haiku-5-5", NOW, Tokens(100_001, 0), 50_001, 50_001),  # every token at the long price
        ("claude-haiku-5-5", NOW, Tokens(1, 1000, 100_000), 7_501, 52_501),  # cached tokens make it long
        ("claude-haiku-5-5", NOW, Tokens(0, 1000, 50_000, 50_000), 7_250, 10_500),
        ("claude-haiku-4-5", NOW, Tokens(3, 5, 7, 11, 13), 68, 59),  # 3 + 25 + 0.7 + 13.75 + 26 = 68.45
        ("claude-sonnet-4-5", NOW, Tokens(1, 1), 18, 18),
        ("claude-opus-5-5", NOW, Tokens(), 0, 0),
    ],
)
def test_the_price_of_tokens(model: str, day: date, tokens: Tokens, cost: int, list_cost: int) -> None:
    spent = published().spent(tokens, model, day)
    assert (spent.cost, spent.list_cost) == (cost, list_cost)


def test_every_model_that_may_be_asked_has_a_price() -> None:
    for model in known_models():
        assert published().spent(Tokens(1_000_000, 1_000_000), model.name, NOW).cost > 0
    with pytest.raises(UnpricedError):
        published().spent(Tokens(1), "claude-fable-5-2", NOW)


async def test_an_estimate_is_by_the_sheet_one_by_one_and_in_a_batch(gateway: Gateway) -> None:
    def calls(count: int, **tokens: int) -> ai_service_pb2.EstimatedCalls:
        return ai_service_pb2.EstimatedCalls(usage=ai_pb2.Usage(**tokens), count=count)

    async def estimated(
        model: str, *asked: ai_service_pb2.EstimatedCalls
    ) -> ai_service_pb2.EstimateCostResponse:
        request = ai_service_pb2.EstimateCostRequest(model=model, calls=asked)
        return await gateway.client.stub.EstimateCost(request, metadata=gateway.client.metadata, timeout=10)

    today = datetime.now(UTC).date()
    one = published().spent(Tokens(1000, 500), "claude-sonnet-5-5", today).cost
    other = published().spent(Tokens(100, 10, 20_000), "claude-sonnet-5-5", today).cost
    said = await estimated(
        "standard",
        calls(3, input_tokens=1000, output_tokens=500),
        calls(1, input_tokens=100, output_tokens=10, cache_read_tokens=20_000),
        calls(0, input_tokens=10**9),
    )
    assert (said.cost_micro_usd, said.batch_cost_micro_usd) == (3 * one + other, (3 * one + other) // 2)
    assert said.model == "claude-sonnet-5-5"
    # A long prompt has another price: a hundred calls are not one call of a hundred times the size.
    hundred = await estimated("claude-haiku-5-5", calls(100, input_tokens=10_000))
    whole = await estimated("claude-haiku-5-5", calls(1, input_tokens=1_000_000))
    assert hundred.cost_micro_usd < whole.cost_micro_usd
    assert (await refusal(estimated("claude-3-opus", calls(1)))).reason_name == "AI_MODEL_UNAVAILABLE"
    assert (await refusal(estimated("", calls(1, input_tokens=-1)))).reason_name == "INVALID_FIELD"


async def test_a_document_is_paid_for_once_and_then_read_from_the_prompt_cache(gateway: Gateway) -> None:
    document = "The Seller shall deliver energy. " * 400
    asked = [
        await gateway.client.ask(prompt(question, system=("Read.",), document=document))
        for question in ("Who sells?", "Who buys?", "When?")
    ]

    first, second, third = (answer.completion for answer in asked)
    assert first.usage.cache_write_5m_tokens > 2000
    assert (
        second.usage.cache_read_tokens == third.usage.cache_read_tokens == first.usage.cache_write_5m_tokens
    )
    assert second.usage.cache_write_5m_tokens == 0
    for completion in (first, second, third):
        usage = completion.usage
        exact = (
            200 * usage.input_tokens + 1000 * usage.output_tokens
            + 250 * usage.cache_write_5m_tokens + 10 * usage.cache_read_tokens
        )  # fmt: skip
        assert completion.cost_micro_usd == (exact + 50) // 100
    assert second.cost_micro_usd < first.cost_micro_usd / 4


async def test_usage_sums_what_the_answers_said(gateway: Gateway) -> None:
    completions = []
    for number in range(3):
        completions.append((await gateway.client.ask(prompt(f"Question {number}"))).completion)
        _, streamed = await gateway.client.stream(prompt(f"Streamed {number}"))
        assert streamed is not None
        completions.append(streamed)
    cached = (await gateway.client.ask(prompt("Question 0"))).completion
    deep = (await gateway.client.ask(prompt("Question 0", model="deep"))).completion

    usage = await gateway.client.usage()

    deep_row, row = usage.rows
    assert (deep_row.model, row.model, row.task) == ("claude-opus-5-5", "claude-sonnet-5-5", TASK)
    assert (row.calls, row.cached_calls, deep_row.calls, deep_row.cached_calls) == (7, 1, 1, 0)
    assert row.cost_micro_usd == sum(one.cost_micro_usd for one in completions)
    assert row.usage.output_tokens == sum(one.usage.output_tokens for one in completions)
    assert row.usage.input_tokens == sum(one.usage.input_tokens for one in completions)
    whole = [*completions, cached, deep]
    assert usage.cost_micro_usd == sum(one.cost_micro_usd for one in whole)
    assert usage.list_cost_micro_usd == sum(one.list_cost_micro_usd for one in whole)


async def test_usage_is_of_its_organization_and_of_its_time(gateway: Gateway) -> None:
    await gateway.client.ask(prompt("Mine."))
    now = datetime.now(UTC)

    def at(moment: datetime) -> timestamp_pb2.Timestamp:
        stamp = timestamp_pb2.Timestamp()
        stamp.FromDatetime(moment)
        return stamp

    async def calls(start: datetime, end: datetime) -> int:
        request = ai_service_pb2.GetUsageRequest(start_time=at(start), end_time=at(end))
        return sum(row.calls for row in (await gateway.client.usage(request)).rows)

    hour = timedelta(hours=1)
    assert not (await gateway.other_organization().usage()).rows
    assert await calls(now - hour, now + hour) == 1
    assert await calls(now + hour, now + 2 * hour) == 0
    assert await calls(now - 2 * hour, now - hour) == 0
    backwards = ai_service_pb2.GetUsageRequest(start_time=at(now), end_time=at(now - hour))
    assert (await refusal(gateway.client.usage(backwards))).reason_name == "INVALID_FIELD"


async def test_a_request_counts_once_and_its_money_in_full(gateway: Gateway) -> None:
    first = await gateway.client.ask(prompt("Once."), request_id=REQUEST)
    await gateway.client.ask(prompt("Once."), request_id=REQUEST)
    (row,) = (await gateway.client.usage()).rows
    assert (row.calls, row.cached_calls) == (1, 0)
    assert row.cost_micro_usd == first.completion.cost_micro_usd
    assert row.list_cost_micro_usd == first.completion.list_cost_micro_usd

    bypass = prompt("Once.", cache_policy=ai_service_pb2.CACHE_POLICY_BYPASS)
    again = await gateway.client.ask(bypass, request_id=REQUEST)
    assert again.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM
    (row,) = (await gateway.client.usage()).rows
    assert row.calls == 1
    assert row.cost_micro_usd == 2 * first.completion.cost_micro_usd
