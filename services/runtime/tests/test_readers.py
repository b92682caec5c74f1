"""Lone reads on a real PostgreSQL: whose rows they see, and what becomes of their connections."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from service_runtime import outbox
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

OWN_ROWS = "SELECT org_id FROM outbox"
BACKEND = "SELECT pg_backend_pid() AS pid"


@pytest.fixture
async def postgres(databases):
    """With one connection for reads, so that all organizations share it."""
    connected = await Postgres.connect(databases.app("contracts"), size=1)
    yield connected
    await connected.close()


async def organization(postgres: Postgres) -> UUID:
    """A new one that has a row."""
    org = uuid4()
    async with postgres.transaction(org) as connection:
        await outbox.append(connection, org, "t", {"n": 1})
    return org


async def seen(postgres: Postgres, org: UUID) -> set[UUID]:
    return {row["org_id"] for row in await postgres.reader(org).fetch(OWN_ROWS)}


async def backend(postgres: Postgres, org: UUID) -> int:
    row = await postgres.reader(org).fetchrow(BACKEND)
    return int(row["pid"])


async def test_each_organization_sees_its_own_rows_on_the_same_connection(postgres):
    one, other = await organization(postgres), await organization(postgres)
    assert await backend(postgres, one) == await backend(postgres, other)
    for org in (one, other, other, one):
        assert await seen(postgres, org) == {org}
    assert await seen(postgres, uuid4()) == set()


async def test_reads_of_many_organizations_at_once_do_not_mix(databases):
    postgres = await Postgres.connect(databases.app("contracts"), size=3)
    orgs = [await organization(postgres) for _ in range(6)]
    found = await asyncio.gather(*(seen(postgres, org) for org in orgs * 20))
    assert found == [{org} for org in orgs * 20]
    await postgres.close()


async def test_a_reader_cannot_write(postgres):
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await postgres.reader(await organization(postgres)).fetch("DELETE FROM outbox RETURNING org_id")


async def test_a_statement_that_fails_leaves_the_reader_as_it_was(postgres):
    org = await organization(postgres)
    before = await backend(postgres, org)
    with pytest.raises(asyncpg.PostgresError):
        await postgres.reader(org).fetch("SELECT 1 / 0")
    assert await seen(postgres, org) == {org}
    assert await backend(postgres, org) == before


async def ends_when(databases, postgres: Postgres, org: UUID, act) -> None:
    """Starts a long read, acts while it runs, and sees the server end it."""
    connection = await asyncpg.connect(databases.app("contracts"))
    try:
        reading = asyncio.create_task(postgres.reader(org).fetch("SELECT pg_sleep(60)"))
        running = "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'"
        async with asyncio.timeout(10):
            while not (pid := await connection.fetchval(running)):  # noqa: ASYNC110 the server tells nobody
                await asyncio.sleep(0.01)
            await act(connection, reading, pid)
            while await connection.fetchval(running):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await connection.close()


async def test_a_cancelled_read_ends_on_the_server_too_and_answers_nobody_else(postgres, databases):
    org, other = await organization(postgres), await organization(postgres)

    async def cancel(_connection, reading, _pid):
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    await ends_when(databases, postgres, org, cancel)
    async with asyncio.timeout(10):
        assert await seen(postgres, other) == {other}


async def test_a_lost_connection_is_told_and_replaced(postgres, databases):
    org = await organization(postgres)

    async def terminate(connection, reading, pid):
        assert await connection.fetchval("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(DomainError) as told:
            await reading
        assert told.value.reason_name == "DEPENDENCY_UNAVAILABLE"

    await ends_when(databases, postgres, org, terminate)
    assert await seen(postgres, org) == {org}
