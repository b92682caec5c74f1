"""The egress records form a chain: each entry hashed over all before it, in one order whoever writes."""

import asyncio
import hashlib
import json
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest

from ai_gateway.egress.sweep import end_lost
from ai_gateway_testing.backends import Database
from ai_gateway_testing.gateway import Client, Gateway, prompt, refusal
from bloom.ai.v1 import ai_service_pb2
from service_runtime.postgres import Postgres

READS = ("ai.generate", "ai.usage.read", "ai.egress.read")


def reader_of(gateway: Gateway) -> Client:
    return Client(gateway.client.stub, gateway.client.signer, gateway.client.org, READS)


async def entries(gateway: Gateway) -> list[dict[str, object]]:
    """The chain as it is exported, after its hashes were worked out anew."""
    client, found, before = reader_of(gateway), [], bytes(32)
    request = ai_service_pb2.ExportEgressChainRequest()
    async for item in client.stub.ExportEgressChain(request, metadata=client.metadata, timeout=10):
        before = hashlib.sha256(before + item.entry.encode()).digest()
        assert item.hash == before.hex()
        assert item.seq == len(found) + 1
        found.append(json.loads(item.entry))
    return found


async def test_each_call_is_in_the_chain_when_it_leaves_and_when_it_ends(gateway: Gateway) -> None:
    answer = await gateway.client.ask(prompt("Who signs?"))
    leaving, ending = await entries(gateway)
    (record,) = await gateway.egress()
    assert leaving["id"] == ending["id"] == str(record["id"])
    assert leaving["sha256"] == record["request_sha256"].hex()
    assert ending["outcome"] == "ANSWERED"
    assert ending["cost"] == answer.completion.cost_micro_usd == record["cost_micro_usd"]


async def test_replicas_write_one_chain(gateway: Gateway, start_gateway) -> None:
    async with AsyncExitStack() as stack:
        replicas = [gateway, *[await stack.enter_async_context(start_gateway()) for _ in range(2)]]
        clients = [Client(item.client.stub, item.client.signer, gateway.client.org) for item in replicas]
        asked = [clients[number % 3].ask(prompt(f"Who signs {number}?")) for number in range(60)]
        await asyncio.gather(*asked)
        found = await entries(gateway)
    assert len(found) == 120
    assert len({entry["id"] for entry in found}) == 60


async def test_calls_that_wait_are_written_together(gateway: Gateway) -> None:
    before = await transactions(gateway)
    await asyncio.gather(*(gateway.client.ask(prompt(f"Who signs {number}?")) for number in range(100)))
    assert await transactions(gateway) - before < 150  # two for each call without gathering


async def transactions(gateway: Gateway) -> int:
    """How many different transactions wrote the organization's entries."""
    rows = await gateway.rows(
        "SELECT count(DISTINCT xmin::text) AS n FROM egress_entries WHERE org_id = $1", gateway.client.org
    )
    return int(rows[0]["n"])


async def test_the_service_can_change_nothing_that_is_written(gateway: Gateway, database: Database) -> None:
    await gateway.client.ask(prompt("Who signs?"))
    connection = await asyncpg.connect(database.app)
    try:
        await connection.execute("SELECT set_config('app.org_id', $1, false)", str(gateway.client.org))
        assert await connection.execute("UPDATE egress_entries SET entry = '{}'") == "UPDATE 0"
        assert await connection.execute("DELETE FROM egress_entries") == "DELETE 0"
    finally:
        await connection.close()
    assert len(await entries(gateway)) == 2


async def test_records_are_listed_newest_first_page_by_page(gateway: Gateway) -> None:
    for number in range(5):
        await gateway.client.ask(
            prompt(f"Who signs {number}?"), request_id=f"018f0000-0000-7000-8000-00000000000{number}"
        )
    client, token, listed = reader_of(gateway), "", []
    for _ in range(3):
        request = ai_service_pb2.ListEgressRecordsRequest(page_size=2, page_token=token)
        page = await client.stub.ListEgressRecords(request, metadata=client.metadata, timeout=10)
        listed += [record.request_id[-1] for record in page.egress_records]
        token = page.next_page_token
    assert listed == ["4", "3", "2", "1", "0"]
    assert not token
    assert all(record.outcome == "ANSWERED" and record.cost_micro_usd for record in page.egress_records)


async def test_another_organization_sees_none_of_it(gateway: Gateway) -> None:
    await gateway.client.ask(prompt("Who signs?"))
    stranger = Client(gateway.client.stub, gateway.client.signer, permissions=READS)
    request = ai_service_pb2.ListEgressRecordsRequest()
    page = await stranger.stub.ListEgressRecords(request, metadata=stranger.metadata, timeout=10)
    assert not page.egress_records
    export = ai_service_pb2.ExportEgressChainRequest()
    assert [item async for item in stranger.stub.ExportEgressChain(export, metadata=stranger.metadata)] == []


async def test_who_may_not_read_records_is_refused(gateway: Gateway) -> None:
    listing = gateway.client.stub.ListEgressRecords(
        ai_service_pb2.ListEgressRecordsRequest(), metadata=gateway.client.metadata, timeout=10
    )
    assert (await refusal(listing)).reason_name == "PERMISSION_DENIED"


@pytest.fixture
async def postgres(database: Database):
    connected = await Postgres.connect(database.app, size=1)
    yield connected
    await connected.close()


async def test_a_call_whose_process_died_is_ended_as_lost(gateway: Gateway, postgres: Postgres) -> None:
    await gateway.client.ask(prompt("Who signs?"))
    await gateway.rows(
        """UPDATE egress_records SET outcome = NULL, ended_at = NULL, at = at - interval '1 hour'
           WHERE org_id = $1""",
        gateway.client.org,
    )
    assert await end_lost(postgres, timedelta(minutes=30)) == 1
    (record,) = await gateway.egress()
    assert record["outcome"] == "LOST"
    assert (await entries(gateway))[-1]["outcome"] == "LOST"
    assert await end_lost(postgres, timedelta(minutes=30)) == 0


async def test_a_call_that_runs_is_not_lost(gateway: Gateway, postgres: Postgres) -> None:
    await gateway.claude.script({"match": {}, "delay_ms": 300})
    asking = asyncio.create_task(gateway.client.ask(prompt("Who signs?")))
    await gateway.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    assert await end_lost(postgres, timedelta(minutes=30)) == 0
    await asking
    (record,) = await gateway.egress()
    assert record["outcome"] == "ANSWERED"
