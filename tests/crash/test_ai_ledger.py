"""`kill -9` of AI gateways under load, Valkey restarted in between: no money is lost, none counted twice.

LEDGER_ROUNDS sets how often; `make prove-ledger` does fifty.
"""

import asyncio
import hashlib
import os
import random
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from ai_gateway.egress.sweep import end_lost
from ai_gateway_testing.books import Books, read
from ai_gateway_testing.gateway import prompt
from ai_gateway_testing.processes import GatewayProcess, Gateways, ValkeyServer, gateways, valkey_server
from bloom.ai.v1 import ai_service_pb2
from claude_simulator import server as simulator
from claude_simulator.recorder import Exchange
from claude_simulator.simulation import Pace, Simulation
from local_mesh.postgres import SUPERUSER
from service_runtime.postgres import Postgres

ROUNDS = int(os.environ.get("LEDGER_ROUNDS", "8"))
CALLERS = 16
DOCUMENT = "The Seller shall deliver energy at the delivery point. " * 200


class Load:
    """Callers who ask without a pause, whichever gateway is there, and keep what they were given."""

    def __init__(self, replicas: list[GatewayProcess], org: UUID) -> None:
        self._replicas = replicas
        self._org = org
        self._ended = False
        self._numbers = iter(range(1_000_000))
        self.given: list[tuple[UUID, ai_service_pb2.Completion]] = []
        self.broken_off = 0

    async def __aenter__(self):
        self._callers = [asyncio.create_task(self._ask_on(random.Random(seed))) for seed in range(CALLERS)]
        return self

    async def __aexit__(self, *_):
        self._ended = True
        await asyncio.gather(*self._callers)

    async def _ask_on(self, chance: random.Random) -> None:
        while not self._ended:
            # A few questions come again and again: from the cache, together, or by another's lead.
            number = next(self._numbers)
            question = f"{number // 40} again" if chance.random() < 0.3 else f"{number}"
            asked = prompt(f"Question {question}?", document=DOCUMENT if chance.random() < 0.1 else "")
            try:
                await self._ask(chance, asked)
            except grpc.aio.AioRpcError as failed:
                if failed.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self.broken_off += 1
                await asyncio.sleep(0.2)

    async def _ask(self, chance: random.Random, asked: ai_service_pb2.Prompt) -> None:
        client, request_id = chance.choice(self._replicas).client(self._org), uuid4()
        if chance.random() < 0.5:
            answer = await client.ask(asked, request_id=str(request_id))
            self.given.append((request_id, answer.completion))
            return
        request = ai_service_pb2.StreamGenerateRequest(prompt=asked, request_id=str(request_id))
        async for event in client.stub.StreamGenerate(request, metadata=client.metadata, timeout=20):
            if event.HasField("completion"):
                self.given.append((request_id, event.completion))


async def witnessed(simulation: Simulation, seen: dict[str, Exchange]) -> None:
    """Keeps every exchange: the simulator remembers the last thousand."""
    while True:
        seen.update((exchange.id, exchange) for exchange in simulation.recorder.listed())
        await asyncio.sleep(0.1)


async def crashes(started: Gateways, valkey: ValkeyServer, org: UUID) -> Load:
    """So many rounds: one of two gateways dies wherever it is, and every second time Valkey, too."""
    replicas = [await started.start(), await started.start()]
    chance = random.Random(ROUNDS)
    async with Load(replicas, org) as load:
        for number in range(ROUNDS):
            await asyncio.sleep(chance.uniform(0.1, 0.4))
            if number % 2:
                await valkey.kill()
            await replicas[number % 2].kill()
            if number % 2:
                await valkey.start()
            replicas[number % 2] = await started.start()
    for replica in replicas:
        await replica.stop()
    return load


@pytest.fixture(scope="module")
def super_dsn(databases) -> str:
    return databases.cluster.dsn(SUPERUSER, databases.credentials.postgres, "ai")


async def budgeted(super_dsn: str, org: UUID) -> None:
    """A budget that is never spent, so that what is held and spent is counted, too."""
    connection = await asyncpg.connect(super_dsn)
    await connection.execute("INSERT INTO budgets VALUES ($1, '', 'month', 1000000000)", org)
    await connection.close()


async def swept(database: str) -> None:
    """As any replica does some minutes later."""
    postgres = await Postgres.connect(database, size=1)
    await end_lost(postgres, timedelta(0))
    await postgres.close()


async def test_the_ledger_is_the_sum_of_the_answers(databases, super_dsn, tmp_path) -> None:
    org, simulation = uuid4(), Simulation(Pace(latency=0.05, chunk_delay=0.002))
    seen: dict[str, Exchange] = {}
    await budgeted(super_dsn, org)
    async with (
        simulator.serving(simulation) as claude,
        valkey_server(tmp_path) as valkey,
        gateways(
            tmp_path / "gateways.log", CLAUDE_BASE_URL=claude, DATABASE_URL=databases.app("ai"),
            REDIS_URL=valkey.url, LOG_LEVEL="info", DATABASE_POOL_SIZE="4",
        ) as started,
    ):  # fmt: skip
        witness = asyncio.create_task(witnessed(simulation, seen))
        load = await crashes(started, valkey, org)
        await asyncio.sleep(0.2)
        witness.cancel()
    await swept(databases.app("ai"))

    books = await read(super_dsn, org, seen.values(), load.given)
    print(
        f"\n{ROUNDS} rounds: {len(books.served)} calls to Claude, {len(books.given)} answers,"
        f" {load.broken_off} calls broken off, {books.lost} LOST"
    )
    assert books.problems() == []
    # And the proof is about something: much was asked, and the kills hit calls under way.
    assert len(books.given) > 20 * ROUNDS
    assert len(books.served) > 10 * ROUNDS
    assert 0 < books.lost <= CALLERS * ROUNDS
    await check_budget(super_dsn, org, sum(cost for _, cost in books.usage.values()))
    await check_chain(super_dsn, org)
    check_that_faults_are_found(books)


async def check_budget(super_dsn: str, org: UUID, spent: int) -> None:
    connection = await asyncpg.connect(super_dsn)
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.org_id', $1, true)", str(org))
        room = await connection.fetchrow("SELECT * FROM budget_rooms($1)", org)
    await connection.close()
    assert (room["held"], room["spent"]) == (0, spent)


async def check_chain(super_dsn: str, org: UUID) -> None:
    connection = await asyncpg.connect(super_dsn)
    rows = await connection.fetch("SELECT * FROM egress_entries WHERE org_id = $1 ORDER BY seq", org)
    await connection.close()
    before = bytes(32)
    for number, row in enumerate(rows, 1):
        before = hashlib.sha256(before + row["entry"].encode()).digest()
        assert (row["seq"], row["hash"]) == (number, before)


def check_that_faults_are_found(books: Books) -> None:
    """Each of these is a fault that users of other gateways have paid for."""
    answered = next(one for one in books.records if one.outcome == "ANSWERED" and one.cost)
    others = [one for one in books.records if one is not answered]
    assert replace(books, records=others).problems()
    assert replace(books, records=[*books.records, answered]).problems()
    assert replace(books, records=[*others, replace(answered, cost=answered.cost + 1)]).problems()
    assert replace(books, records=[*others, replace(answered, outcome="")]).problems()
    unmetered = {name: used for name, used in books.usage.items() if name != answered.request_id}
    assert replace(books, usage=unmetered).problems()
    unknown = ai_service_pb2.Completion(upstream_request_id="req_nowhere")
    assert replace(books, given=[*books.given, (uuid4(), unknown)]).problems()
