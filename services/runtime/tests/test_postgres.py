"""Tenants, idempotency, outbox and audit on a real PostgreSQL, as the role that services have."""

import asyncio
import json
from uuid import UUID, uuid4

import asyncpg
import pytest

from bloom.auth.v1 import auth_service_pb2
from service_runtime import audit, deadlines, idempotency, outbox
from service_runtime.errors import DomainError
from service_runtime.identity import Identity
from service_runtime.postgres import Postgres


@pytest.fixture
async def postgres(databases):
    connected = await Postgres.connect(databases.app("contracts"), size=5)
    yield connected
    await connected.close()


def someone(org: UUID | None = None) -> Identity:
    return Identity(subject="users/u1", org_id=org or uuid4())


async def announce(postgres: Postgres, org: UUID, topic: str = "t") -> None:
    async with postgres.transaction(org) as connection:
        await outbox.append(connection, org, topic, {"n": 1})


async def test_the_role_owns_nothing_and_cannot_bypass(postgres):
    async with postgres.unscoped() as connection:
        role = await connection.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        owned = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole AND relkind IN ('r', 'p')"
        )
    assert tuple(role) == (False, False, False)
    assert owned == 0


async def test_with_no_tenant_set_there_are_no_rows_and_no_writes(postgres):
    org = uuid4()
    await announce(postgres, org)
    async with postgres.unscoped() as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox WHERE org_id = $1", org) == 0
        assert await connection.execute("DELETE FROM outbox WHERE org_id = $1", org) == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with postgres.unscoped() as connection:
            await outbox.append(connection, org, "t", {})


async def test_another_tenant_sees_nothing_and_cannot_write(postgres):
    org, other = uuid4(), uuid4()
    await announce(postgres, org)
    async with postgres.transaction(other) as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with postgres.transaction(other) as connection:
            await outbox.append(connection, org, "t", {})


async def test_the_tenant_ends_with_the_transaction(databases):
    postgres, org = await Postgres.connect(databases.app("contracts"), size=1), uuid4()
    await announce(postgres, org)
    async with postgres.unscoped() as connection:
        assert await connection.fetchval("SELECT current_org()") is None
    await postgres.close()


async def fail_after_writing(postgres: Postgres, org: UUID) -> None:
    async with postgres.transaction(org) as connection:
        await outbox.append(connection, org, "t", {})
        raise RuntimeError("mine")


async def test_a_failed_block_leaves_nothing(postgres):
    org = uuid4()
    with pytest.raises(RuntimeError, match="mine"):
        await fail_after_writing(postgres, org)
    async with postgres.transaction(org) as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_cancelled_block_gives_its_connection_back_clean(databases):
    postgres = await Postgres.connect(databases.app("contracts"), size=1)
    org, entered = uuid4(), asyncio.Event()

    async def slow() -> None:
        async with postgres.transaction(org) as connection:
            await outbox.append(connection, org, "t", {})
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(slow())
    await entered.wait()
    task.cancel()
    await asyncio.wait({task})
    async with postgres.transaction(org) as connection:
        assert await connection.fetchval("SELECT count(*) FROM outbox") == 0
    await postgres.close()


async def test_a_statement_ends_with_the_callers_deadline(postgres):
    waiting = deadlines.set_remaining(0.1)
    with pytest.raises(DomainError) as late:
        async with postgres.unscoped() as connection:
            await connection.execute("SELECT pg_sleep(30)")
    deadlines.reset(waiting)
    assert late.value.reason_name == "DEADLINE_EXCEEDED"


async def test_a_server_that_is_away_is_a_dependency():
    with pytest.raises(DomainError) as down:
        await Postgres.connect("postgresql://x:y@127.0.0.1:1/z", size=1)
    assert down.value.reason_name == "DEPENDENCY_UNAVAILABLE"


async def answer_once(postgres: Postgres, identity: Identity, request_id: str, subject: str = "a") -> str:
    async def run() -> auth_service_pb2.GetMeResponse:
        return auth_service_pb2.GetMeResponse(subject=str(uuid4()))

    request = auth_service_pb2.LoginRequest(email=subject)
    async with postgres.transaction(identity.tenant) as connection:
        answer = await idempotency.once(
            connection, identity, request, request_id, auth_service_pb2.GetMeResponse, run
        )
    return answer.subject


async def test_the_first_answer_is_given_again(postgres):
    identity, request_id = someone(), str(uuid4())
    first = await answer_once(postgres, identity, request_id)
    assert await answer_once(postgres, identity, request_id) == first
    assert await answer_once(postgres, identity, str(uuid4())) != first
    assert await answer_once(postgres, someone(), request_id) != first


async def test_parallel_repeats_run_once(postgres):
    identity, request_id = someone(), str(uuid4())
    answers = await asyncio.gather(*(answer_once(postgres, identity, request_id) for _ in range(20)))
    assert len(set(answers)) == 1


async def test_an_id_reused_for_other_content_is_refused(postgres):
    identity, request_id = someone(), str(uuid4())
    await answer_once(postgres, identity, request_id, "a")
    with pytest.raises(DomainError) as reused:
        await answer_once(postgres, identity, request_id, "b")
    assert reused.value.reason_name == "REQUEST_ID_REUSED"


async def test_the_outbox_delivers_at_least_once_and_then_forgets(postgres):
    orgs = [uuid4(), uuid4()]
    for org in orgs:
        await announce(postgres, org, "mine")
    seen: list[UUID] = []

    async def fail(event: outbox.Event) -> None:
        raise ConnectionError

    async def deliver(event: outbox.Event) -> None:
        if event.org_id in orgs:
            seen.append(event.org_id)

    with pytest.raises(ConnectionError):
        await outbox.drain(postgres, fail)
    while await outbox.drain(postgres, deliver):
        pass
    assert set(orgs) == set(seen)
    assert len(seen) == 2


async def test_two_relays_share_the_work(postgres):
    org = uuid4()
    for _ in range(20):
        await announce(postgres, org)
    seen: list[UUID] = []

    async def deliver(event: outbox.Event) -> None:
        await asyncio.sleep(0)
        if event.org_id == org:
            seen.append(event.event_id)

    await asyncio.gather(
        outbox.drain(postgres, deliver, limit=500), outbox.drain(postgres, deliver, limit=500)
    )
    while await outbox.drain(postgres, deliver):
        pass
    assert len(seen) == len(set(seen)) == 20


async def test_the_audit_chain_holds_under_concurrency_and_cannot_be_changed(postgres):
    identity = someone()

    async def act(number: int) -> None:
        async with postgres.transaction(identity.tenant) as connection:
            await audit.record(connection, identity, "did", f"things/{number}")

    await asyncio.gather(*(act(number) for number in range(20)))
    async with postgres.transaction(identity.tenant) as connection:
        rows = await connection.fetch("SELECT seq, event, hash FROM audit_events ORDER BY seq")
        changed = await connection.execute("UPDATE audit_events SET event = '{}'")
        removed = await connection.execute("DELETE FROM audit_events")
    previous = audit.GENESIS
    for number, row in enumerate(rows, start=1):
        assert row["seq"] == number
        assert audit.canonical(json.loads(row["event"])) == row["event"].encode()
        previous = audit.chained(previous, row["event"].encode())
        assert previous == row["hash"]
    assert len(rows) == 20
    assert (changed, removed) == ("UPDATE 0", "DELETE 0")
