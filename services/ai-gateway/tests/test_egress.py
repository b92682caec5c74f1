"""What leaves is recorded before it leaves; without a record nothing leaves."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest

from ai_gateway_testing.backends import Database
from ai_gateway_testing.gateway import TASK, Gateway, prompt, refusal

Refused = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
async def superuser(database: Database) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(database.super)
    yield connection
    await connection.close()


@pytest.fixture
def records_refused(superuser: "asyncpg.Connection[asyncpg.Record]") -> Refused:
    """The service cannot write egress records for a while."""

    @asynccontextmanager
    async def refused() -> AsyncIterator[None]:
        await superuser.execute("REVOKE INSERT ON egress_records FROM ai_app")
        try:
            yield
        finally:
            await superuser.execute("GRANT INSERT ON egress_records TO ai_app")

    return refused


async def test_the_record_names_who_sent_what_where_for_whom(gateway: Gateway) -> None:
    await gateway.client.ask(prompt("Who signs?"), request_id="018f0000-0000-7000-8000-0000000000aa")

    (record,) = await gateway.egress()
    (request,) = await gateway.claude.requests()
    body = json.dumps(request["body"], separators=(",", ":"), ensure_ascii=False).encode()
    assert record["request_sha256"] == hashlib.sha256(body).digest()
    assert record["request_bytes"] == len(body)
    assert (record["workload"], record["task"], record["model"]) == ("contracts", TASK, "claude-sonnet-5-5")
    assert record["subject"].startswith("users/")
    assert str(record["request_id"]) == "018f0000-0000-7000-8000-0000000000aa"
    assert record["destination"] == gateway.claude.url
    assert record["outcome"] == "ANSWERED"
    assert record["simulated"]
    assert record["upstream_request_id"] == request["id"]


async def test_the_record_is_there_while_the_call_runs(gateway: Gateway) -> None:
    await gateway.claude.script({"match": {}, "delay_ms": 200})
    asking = asyncio.create_task(gateway.client.ask(prompt("Who signs?")))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)

    assert [row["outcome"] for row in await gateway.egress()] == [None]

    await asking
    assert [row["outcome"] for row in await gateway.egress()] == ["ANSWERED"]


@pytest.mark.parametrize("streamed", [False, True])
async def test_without_a_record_nothing_is_sent(
    gateway: Gateway, records_refused: Refused, *, streamed: bool
) -> None:
    ask = gateway.client.stream if streamed else gateway.client.ask
    async with records_refused():
        error = await refusal(ask(prompt("Who signs?")))
        assert error.reason_name == "INTERNAL"
        assert await gateway.claude.requests() == []
    await ask(prompt("Who signs?"))
    assert len(await gateway.claude.requests()) == 1


async def test_a_paid_answer_is_metered_when_the_database_comes_back(
    gateway: Gateway, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    await gateway.claude.script({"match": {}, "delay_ms": 200, "answer": {"text": "Acme."}})
    asking = asyncio.create_task(gateway.client.ask(prompt("Who signs?")))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE usage_events IN ACCESS EXCLUSIVE MODE")
        # The answer waits for its receipt, but not for ever.
        answer = await asking
        assert answer.text == "Acme."

    assert [row["outcome"] for row in await gateway.settled()] == ["ANSWERED"]
    (row,) = (await gateway.client.usage()).rows
    assert row.cost_micro_usd == answer.completion.cost_micro_usd


async def test_the_service_reads_and_writes_rows_of_one_organization_alone(
    gateway: Gateway, database: Database
) -> None:
    """As the role that the service connects with, whatever its queries say."""
    await gateway.client.ask(prompt("Who signs?"))
    mine, other = gateway.client.org, gateway.other_organization().org
    connection = await asyncpg.connect(database.app)
    try:
        for table in ("egress_records", "usage_events"):
            for org, visible in ((mine, 1), (other, 0)):
                async with connection.transaction():
                    await connection.execute(f"SET LOCAL app.org_id = '{org}'")
                    count = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE org_id = $1", mine)
                    assert count == visible
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.org_id = '{other}'")
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(
                    """INSERT INTO egress_records (org_id, id, request_id, workload, subject, task, model,
                                                   destination, path, request_sha256, request_bytes, trace_id)
                       VALUES ($1, $1, $1, '', '', '', '', '', '', sha256(''), 0, '')""",
                    mine,
                )
    finally:
        await connection.close()


async def test_a_record_that_has_its_end_cannot_be_changed_or_removed(
    gateway: Gateway, database: Database
) -> None:
    await gateway.client.ask(prompt("Who signs?"))
    connection = await asyncpg.connect(database.app)
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL app.org_id = '{gateway.client.org}'")
            assert await connection.execute("UPDATE egress_records SET outcome = 'NEVER'") == "UPDATE 0"
            assert await connection.execute("DELETE FROM egress_records") == "DELETE 0"
            assert await connection.execute("DELETE FROM usage_events") == "DELETE 0"
    finally:
        await connection.close()
