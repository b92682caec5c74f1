"""Metrics say what was really done, with few labels, and never a word of a question."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

from ai_gateway_testing.gateway import Gateway, prompt, refusal

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
MODEL = "claude-sonnet-5-5"
SECRET = "the price is a secret"
LABELS = {
    "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.token.type",
    "error.type", "bloom.ai.served_from", "bloom.ai.limit", "bloom.ai.for",
}  # fmt: skip
Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
# The sum of a metric's points that have these labels; of a histogram, what its values add up to.
Sum = Callable[..., float]


@pytest.fixture(scope="session")
def reader() -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    # Of the process, once and for all tests: so they compare before and after.
    metrics.set_meter_provider(MeterProvider([reader]))
    return reader


@pytest.fixture
def told(reader: InMemoryMetricReader) -> Iterator[Sum]:
    """What was added since the test began."""
    before = figures(reader)

    def total(name: str, *, since: bool = True, **labels: str) -> float:
        wanted = {key.replace("__", "."): value for key, value in labels.items()}
        now = figures(reader)
        return sum(
            value - (before.get(point, 0) if since else 0)
            for point, value in now.items()
            if point[0] == name and wanted.items() <= dict(point[1]).items()
        )

    yield total
    for _, labels in figures(reader):
        assert {key for key, _ in labels} <= LABELS
        assert all(SECRET not in value for _, value in labels)


def figures(reader: InMemoryMetricReader) -> Figures:
    data = reader.get_metrics_data()
    return {
        (metric.name, frozenset((key, str(value)) for key, value in (point.attributes or {}).items())): (
            point.sum if isinstance(point, HistogramDataPoint) else point.value
        )
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }


async def test_tokens_money_and_sources_are_those_of_the_answers(gateway: Gateway, told: Sum) -> None:
    await gateway.claude.script({"match": {}, "answer": {"text": SECRET}})
    first = (await gateway.client.ask(prompt(SECRET, document=SECRET))).completion
    await gateway.client.stream(prompt(SECRET, document=SECRET))

    usage = first.usage
    written = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_5m_tokens
    assert told("gen_ai.client.token.usage", gen_ai__token__type="input") == written
    assert told("gen_ai.client.token.usage", gen_ai__token__type="output") == usage.output_tokens
    assert told("bloom.ai.cost", gen_ai__request__model=MODEL) == first.cost_micro_usd > 0
    assert told("bloom.ai.answers", bloom__ai__served_from="UPSTREAM") == 1
    assert told("bloom.ai.answers", bloom__ai__served_from="CACHE") == 1
    assert told("bloom.ai.saved") >= first.list_cost_micro_usd
    assert told("gen_ai.client.operation.duration", gen_ai__operation__name="chat") > 0


async def test_faults_and_retries_are_told_by_kind(gateway: Gateway, told: Sum) -> None:
    await gateway.claude.script({"match": {}, "times": 1, "fault": {"kind": "status", "status": 529}})
    await gateway.client.ask(prompt("What?"))
    assert told("bloom.ai.retries", error__type="OVERLOADED") == 1
    assert told("gen_ai.client.operation.duration", error__type="OVERLOADED") > 0


async def test_an_open_breaker_is_seen(gateway: Gateway, told: Sum) -> None:
    await gateway.client.ask(prompt("Before?"))
    assert told("bloom.ai.breaker.state", since=False, gen_ai__request__model=MODEL) == 0
    await gateway.claude.script({"match": {}, "fault": {"kind": "status", "status": 500}})
    for number in range(30):
        await refusal(gateway.client.ask(prompt(f"What? {number}")))
    assert told("bloom.ai.breaker.state", since=False, gen_ai__request__model=MODEL) == 2


async def test_refusals_are_told_by_limit(start_gateway: StartGateway, told: Sum) -> None:
    async with start_gateway(org_requests_per_minute=6) as gateway:
        await gateway.client.ask(prompt("First?"))
        for number in range(3):
            await refusal(gateway.client.ask(prompt(f"What? {number}")))
        assert told("bloom.ai.refused", bloom__ai__limit="ORG_REQUESTS") == 3
        assert told("bloom.ai.calls.active", since=False) == 0
    # Of a gateway that has ended nothing is told.
    assert told("bloom.ai.calls.waiting", since=False) == 0
