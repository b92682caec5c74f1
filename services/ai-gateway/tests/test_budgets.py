"""Budgets: nothing is overspent, whoever spends; nothing is held that is not under way."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from ai_gateway_testing.gateway import TASK, Client, Gateway, prompt, refusal
from bloom.ai.v1 import ai_pb2, ai_service_pb2

ORGANIZATION, OF_TASK = "budgets/organization", f"budgets/{TASK}"
MANAGES = ("ai.generate", "ai.usage.read", "ai.budgets.write", "ai.egress.read")
DAY, MONTH = ai_pb2.Budget.PERIOD_DAY, ai_pb2.Budget.PERIOD_MONTH


async def put(
    client: Client,
    limit: int,
    name: str = ORGANIZATION,
    period: ai_pb2.Budget.Period.ValueType = DAY,
    etag: str = "",
) -> ai_pb2.Budget:
    budget = ai_pb2.Budget(name=name, limit_micro_usd=limit, period=period, etag=etag)
    request = ai_service_pb2.UpdateBudgetRequest(budget=budget)
    return await client.stub.UpdateBudget(request, metadata=client.metadata, timeout=10)


async def get(client: Client, name: str = ORGANIZATION) -> ai_pb2.Budget:
    request = ai_service_pb2.GetBudgetRequest(name=name)
    return await client.stub.GetBudget(request, metadata=client.metadata, timeout=10)


@pytest.fixture
def client(gateway: Gateway) -> Client:
    """Who may also set budgets."""
    return manager_of(gateway, gateway.client)


def manager_of(gateway: Gateway, like: Client) -> Client:
    return Client(gateway.client.stub, gateway.client.signer, like.org, MANAGES)


async def test_a_call_that_has_no_room_is_refused_before_it_leaves(gateway: Gateway, client: Client) -> None:
    await put(client, 100)
    refused = await refusal(client.ask(prompt("Who signs?", max_tokens=1000)))
    assert refused.reason_name == "AI_BUDGET_SPENT"
    assert refused.metadata["budget"] == ORGANIZATION
    tomorrow = datetime.combine(datetime.now(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    assert refused.metadata["reset_time"] == tomorrow.isoformat()
    assert refused.retry_after is not None
    assert await gateway.claude.requests() == []
    assert await gateway.egress() == []


async def test_what_a_call_cost_is_booked_and_nothing_stays_reserved(
    gateway: Gateway, client: Client
) -> None:
    await put(client, 10_000_000)
    cost = (await client.ask(prompt("Who signs?"))).completion.cost_micro_usd
    budget = await get(client)
    assert (budget.spent_micro_usd, budget.reserved_micro_usd) == (cost, 0)
    assert cost > 0


async def test_a_running_call_holds_the_most_that_it_can_cost(gateway: Gateway, client: Client) -> None:
    await put(client, 10_000_000)
    await gateway.claude.script({"match": {}, "delay_ms": 300})
    asking = asyncio.create_task(client.ask(prompt("Who signs?", max_tokens=1000)))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    held = (await get(client)).reserved_micro_usd
    answer = await asking
    assert held >= 10_000  # 1,000 tokens of output at 10 USD a million
    assert answer.completion.cost_micro_usd < held
    assert (await get(client)).reserved_micro_usd == 0


async def test_a_failed_call_costs_and_holds_nothing(gateway: Gateway, client: Client) -> None:
    await put(client, 10_000_000)
    await gateway.claude.script({"match": {}, "fault": {"kind": "status", "status": 400}})
    await refusal(client.ask(prompt("Who signs?")))
    await gateway.settled()
    budget = await get(client)
    assert (budget.spent_micro_usd, budget.reserved_micro_usd) == (0, 0)


async def test_a_budget_of_a_task_does_not_stop_the_others(gateway: Gateway, client: Client) -> None:
    await put(client, 0, OF_TASK)
    assert (await refusal(client.ask(prompt("Who signs?")))).metadata["budget"] == OF_TASK
    other = prompt("Who signs?")
    other.task = "tests.other"
    assert (await client.ask(other)).text


async def test_a_new_budget_counts_what_the_period_has_cost_already(gateway: Gateway, client: Client) -> None:
    cost = (await client.ask(prompt("Who signs?"))).completion.cost_micro_usd
    assert (await put(client, 1_000_000, period=MONTH)).spent_micro_usd == cost
    assert (await put(client, 1_000_000, OF_TASK)).spent_micro_usd == cost
    assert (await put(client, 1_000_000, "budgets/tests.other")).spent_micro_usd == 0


async def test_alerts_come_once_at_each_mark(gateway: Gateway, client: Client) -> None:
    cost = (await client.ask(prompt("Who signs?"))).completion.cost_micro_usd
    await client.ask(prompt("Who buys?"))
    await put(client, 10_000_000)  # half of it is not reached
    for question in ("Who sells?", "Who pays?"):
        await client.ask(prompt(question))
    assert await alerts(gateway) == []
    await gateway.rows(
        "UPDATE budgets SET limit_micro_usd = $2 WHERE org_id = $1", client.org, cost * 100_000
    )
    await gateway.rows(
        "UPDATE budget_periods SET spent_micro_usd = $2 WHERE org_id = $1", client.org, cost * 80_000
    )
    for question in ("And when?", "And where?"):
        await client.ask(prompt(question))
    assert await alerts(gateway) == [80]


async def alerts(gateway: Gateway) -> list[int]:
    """The marks that were told, in their order; the relay may have taken the events from the outbox."""
    rows = await gateway.rows(
        "SELECT told_percent FROM budget_periods WHERE org_id = $1 AND told_percent > 0", gateway.client.org
    )
    return [row["told_percent"] for row in rows]


async def test_500_calls_at_once_over_4_replicas_never_overspend(
    gateway: Gateway, client: Client, start_gateway
) -> None:
    one = (await client.ask(prompt("Who signs?", max_tokens=64))).completion.cost_micro_usd
    limit = one * 40 + 5_000
    await put(client, limit)
    async with AsyncExitStack() as stack:
        replicas = [gateway, *[await stack.enter_async_context(start_gateway()) for _ in range(3)]]
        clients = [Client(item.client.stub, item.client.signer, client.org, MANAGES) for item in replicas]
        asked = [
            clients[number % 4].ask(prompt(f"Who signs {number}?", max_tokens=64)) for number in range(500)
        ]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        answered = [outcome for outcome in outcomes if isinstance(outcome, ai_service_pb2.GenerateResponse)]
        paid = one + sum(answer.completion.cost_micro_usd for answer in answered)
        budget = await get(client)
    assert 10 < len(answered) < 500
    assert paid <= limit
    assert (budget.spent_micro_usd, budget.reserved_micro_usd) == (paid, 0)
    assert (await client.usage()).cost_micro_usd == paid


async def test_budgets_belong_to_their_organization(gateway: Gateway, client: Client) -> None:
    await put(client, 0)
    stranger = manager_of(gateway, gateway.other_organization())
    assert (await refusal(get(stranger))).reason_name == "NOT_FOUND"
    assert (await stranger.ask(prompt("Who signs?"))).text


async def test_an_old_etag_changes_nothing(client: Client) -> None:
    first = await put(client, 100)
    await put(client, 200, etag=first.etag)
    assert (await refusal(put(client, 300, etag=first.etag))).reason_name == "ETAG_MISMATCH"
    assert (await get(client)).limit_micro_usd == 200


async def test_without_its_budget_nothing_is_limited(client: Client) -> None:
    await put(client, 0)
    request = ai_service_pb2.DeleteBudgetRequest(name=ORGANIZATION)
    await client.stub.DeleteBudget(request, metadata=client.metadata, timeout=10)
    assert (await client.ask(prompt("Who signs?"))).text
    gone = client.stub.DeleteBudget(request, metadata=client.metadata, timeout=10)
    assert (await refusal(gone)).reason_name == "NOT_FOUND"


async def test_who_may_not_set_budgets_is_refused(gateway: Gateway) -> None:
    assert (await refusal(put(gateway.client, 1))).reason_name == "PERMISSION_DENIED"
