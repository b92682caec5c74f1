"""Nobody waits beyond the deadline, whatever stands still; each fault has its own error and its own money."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import grpc
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from ai_gateway_testing.backends import Database
from ai_gateway_testing.gateway import Client, Gateway, prompt, refusal
from ai_gateway_testing.processes import ValkeyServer, valkey_server
from ai_gateway_testing.slow_servers import HeldDoor, door, dripping
from bloom.ai.v1 import ai_pb2, ai_service_pb2
from service_runtime.errors import DomainError

StartGateway = Callable[..., AbstractAsyncContextManager[Gateway]]
Ask = Callable[..., Coroutine[object, object, object]]
Spans = Callable[[], tuple[ReadableSpan, ...]]
TIMEOUT = 0.3
# Room for a bad moment of the machine: the middle of several tries, and the worst of them.
LATE, WORST = 0.25, 1.0
TRIES = 5
BYPASS = ai_service_pb2.CACHE_POLICY_BYPASS


async def plain(client: Client, asked: ai_service_pb2.Prompt, seconds: float = 20) -> object:
    return await client.ask(asked, seconds=seconds)


async def streamed(client: Client, asked: ai_service_pb2.Prompt, seconds: float = 20) -> object:
    return await client.stream(asked, seconds=seconds)


both_ways = pytest.mark.parametrize("ask", [plain, streamed])


async def each_ends_in_time(client: Client, ask: Ask, policy: int = 0) -> list[DomainError]:
    """Several at once, none of which the others may hold up."""
    loop, lasted = asyncio.get_running_loop(), []

    async def one(number: int) -> DomainError:
        began = loop.time()
        error = await refusal(ask(client, prompt(f"Soon? {number}", cache_policy=policy)))
        lasted.append(loop.time() - began)
        return error

    errors = await asyncio.gather(*(one(number) for number in range(TRIES)))
    assert statistics.median(lasted) <= TIMEOUT + LATE, lasted
    assert max(lasted) <= TIMEOUT + WORST, lasted
    return list(errors)


async def nothing_is_kept(gateway: Gateway) -> None:
    """Healed, the same question is asked of Claude."""
    await gateway.claude.forget()
    answer = await gateway.client.ask(prompt("Soon? 0"))
    assert answer.completion.served_from == ai_pb2.SERVED_FROM_UPSTREAM


async def booked(gateway: Gateway) -> tuple[int, int]:
    """Input tokens and micro-USD."""
    rows = (await gateway.client.usage()).rows
    return sum(row.usage.input_tokens for row in rows), sum(row.cost_micro_usd for row in rows)


@pytest.fixture
async def hasty(start_gateway: StartGateway) -> AsyncIterator[Gateway]:
    """A gateway whose answers may take so long, for callers that have much longer."""
    async with start_gateway(ai_request_timeout=int(TIMEOUT * 1000)) as gateway:
        await gateway.client.ask(prompt("Warm?"))
        yield gateway


@both_ways
@pytest.mark.parametrize(
    ("fault", "policy"),
    [
        ({"kind": "silent"}, 0),
        ({"kind": "silent"}, BYPASS),
        ({"kind": "slow_deltas", "seconds": 2 * TIMEOUT}, 0),
        ({"kind": "stall", "after_events": 0}, 0),
        ({"kind": "stall", "after_events": 4}, 0),
    ],
)
async def test_a_claude_that_takes_too_long_is_left(
    hasty: Gateway, fault: dict[str, object], ask: Ask, policy: int
) -> None:
    warm = await booked(hasty)
    await hasty.claude.script({"match": {}, "answer": {"text": "word " * 50}, "fault": fault})
    errors = await each_ends_in_time(hasty.client, ask, policy)

    assert {(error.code, error.reason_name) for error in errors} == {
        (grpc.StatusCode.DEADLINE_EXCEEDED, "AI_TIMEOUT")
    }
    assert {row["outcome"] for row in (await hasty.settled())[1:]} <= {"TIMED_OUT", "CANCELLED"}
    tokens, cost = await booked(hasty)
    # A stream that had begun has told what it read, and that is paid; of the others nothing is known.
    begun = ask is streamed and (fault["kind"] == "slow_deltas" or fault.get("after_events", 0))
    assert (tokens > warm[0], cost > warm[1]) == (bool(begun), bool(begun))
    await nothing_is_kept(hasty)


@both_ways
async def test_a_claude_that_always_says_a_little_more_is_left(start_gateway: StartGateway, ask: Ask) -> None:
    """No silence is ever long, so that no timeout between two bytes would end it."""
    async with (
        dripping() as url,
        start_gateway(claude_base_url=url, ai_request_timeout=int(TIMEOUT * 1000)) as gateway,
    ):
        errors = await each_ends_in_time(gateway.client, ask)
        assert {error.reason_name for error in errors} == {"AI_TIMEOUT"}
        await gateway.settled()
        assert (await booked(gateway))[0] == (100 * TRIES if ask is streamed else 0)


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    async with valkey_server(tmp_path) as server:
        yield server


@both_ways
async def test_a_valkey_that_stands_still_makes_nobody_late(
    start_gateway: StartGateway, valkey: ValkeyServer, ask: Ask
) -> None:
    async with start_gateway(redis_url=valkey.url, ai_request_timeout=int(TIMEOUT * 1000)) as gateway:
        await ask(gateway.client, prompt("Warm?"))
        valkey.pause()
        await ask(gateway.client, prompt("Still there?"))
        await gateway.claude.script({"match": {}, "fault": {"kind": "silent"}})
        errors = await each_ends_in_time(gateway.client, ask)
        assert {error.reason_name for error in errors} == {"AI_TIMEOUT"}
        valkey.resume()


@both_ways
async def test_a_valkey_that_stops_while_a_leader_is_followed(
    start_gateway: StartGateway, valkey: ValkeyServer, ask: Ask
) -> None:
    """Who follows cannot hear the leader any more, and has its own deadline all the same."""
    settings = {"redis_url": valkey.url, "ai_request_timeout": int(TIMEOUT * 1000)}
    async with start_gateway(**settings) as leading, start_gateway(**settings) as following:
        here = leading.client
        there = Client(following.client.stub, following.client.signer, here.org)
        for client in (here, there):
            await ask(client, prompt(f"Warm? {id(client)}"))
        await leading.claude.script({"match": {}, "fault": {"kind": "silent"}})
        asked = [
            asyncio.create_task(refusal(ask(here, prompt(f"Soon? {number}")))) for number in range(TRIES)
        ]
        await leading.claude.requests(outcome="PENDING", at_least=TRIES, wait_ms=2000)
        late = asyncio.get_running_loop().call_later(TIMEOUT / 4, valkey.pause)
        errors = [*await each_ends_in_time(there, ask), *await asyncio.gather(*asked)]
        assert {error.reason_name for error in errors} == {"AI_TIMEOUT"}
        late.cancel()
        valkey.resume()


@pytest.fixture
async def way(database: Database) -> AsyncIterator[HeldDoor]:
    """To PostgreSQL."""
    parts = urlsplit(database.app)
    assert parts.hostname is not None
    assert parts.port is not None
    async with door(parts.hostname, parts.port) as held:
        yield held


def by(database: Database, way: HeldDoor) -> str:
    """The database's URL, through the door."""
    parts = urlsplit(database.app)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0] + f":{way.address}"))


@pytest.fixture
async def by_the_way(
    start_gateway: StartGateway, database: Database, way: HeldDoor
) -> AsyncIterator[Gateway]:
    settings = {"database_url": by(database, way), "ai_request_timeout": int(TIMEOUT * 1000)}
    async with start_gateway(**settings) as gateway:
        await gateway.client.ask(prompt("Warm?"))
        yield gateway
        way.release()


@both_ways
async def test_a_database_that_stands_still_lets_nothing_out_and_makes_nobody_late(
    by_the_way: Gateway, way: HeldDoor, ask: Ask
) -> None:
    way.hold()
    errors = await each_ends_in_time(by_the_way.client, ask)
    assert {error.code for error in errors} <= {
        grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE
    }  # fmt: skip
    assert len(await by_the_way.claude.requests()) == 1
    way.release()
    await nothing_is_kept(by_the_way)


@both_ways
async def test_a_lock_on_the_ledger_makes_nobody_late(hasty: Gateway, database: Database, ask: Ask) -> None:
    """Somebody holds the head of the organization's chain, as a long transaction would."""
    connection = await asyncpg.connect(database.super)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("SELECT FROM egress_heads WHERE org_id = $1 FOR UPDATE", hasty.client.org)
    try:
        errors = await each_ends_in_time(hasty.client, ask)
    finally:
        await transaction.rollback()
        await connection.close()
    assert {error.code for error in errors} == {grpc.StatusCode.DEADLINE_EXCEEDED}
    assert len(await hasty.claude.requests()) == 1
    await nothing_is_kept(hasty)


@both_ways
async def test_a_callers_own_deadline_ends_the_work_for_it(
    start_gateway: StartGateway, way: HeldDoor, database: Database, spans: Spans, ask: Ask
) -> None:
    """As the server sees it: a client stops waiting by itself, whatever the server does."""
    async with start_gateway(database_url=by(database, way)) as gateway:
        await gateway.client.ask(prompt("Warm?"))
        spans()
        way.hold()
        hurried = [
            refusal(ask(gateway.client, prompt(f"Soon? {number}"), seconds=TIMEOUT))
            for number in range(TRIES)
        ]
        assert {error.code for error in await asyncio.gather(*hurried)} == {grpc.StatusCode.DEADLINE_EXCEEDED}
        async with asyncio.timeout(WORST):
            while len(served := [span for span in spans() if span.kind is SpanKind.SERVER]) <= TRIES:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        lasted = [((span.end_time or 0) - (span.start_time or 0)) / 1e9 for span in served[1:]]
        assert statistics.median(lasted) <= TIMEOUT + LATE
        way.release()


@both_ways
async def test_a_database_that_stops_before_the_end_is_told_makes_nobody_late_and_loses_no_money(
    by_the_way: Gateway, way: HeldDoor, ask: Ask
) -> None:
    before = await booked(by_the_way)
    await by_the_way.claude.script({"match": {}, "delay_ms": 150, "answer": {"text": "Acme."}})
    loop = asyncio.get_running_loop()
    began = loop.time()
    asking = asyncio.create_task(ask(by_the_way.client, prompt("Who signs?")))
    await by_the_way.claude.requests(outcome="PENDING", at_least=1, wait_ms=2000)
    way.hold()
    # The answer, or that its time is over: what must not be is a caller that waits for the database.
    await asyncio.wait({asking})
    assert loop.time() - began <= TIMEOUT + WORST
    if (failed := asking.exception()) is not None:
        assert isinstance(failed, grpc.aio.AioRpcError)
        assert failed.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    way.release()
    assert [row["outcome"] for row in await by_the_way.settled()] == ["ANSWERED"] * 2
    assert (await booked(by_the_way))[1] > before[1]


def status(code: int) -> dict[str, object]:
    return {"kind": "status", "status": code}


@both_ways
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(400), "AI_MISCONFIGURED"),
        (status(401), "AI_MISCONFIGURED"),
        (status(403), "AI_MISCONFIGURED"),
        (status(404), "AI_MISCONFIGURED"),
        (status(413), "AI_REQUEST_TOO_LARGE"),
        (status(429), "AI_RATE_LIMITED"),
        (status(500), "AI_UNAVAILABLE"),
        (status(529), "AI_UNAVAILABLE"),
        ({"kind": "cut_body"}, "AI_UNAVAILABLE"),
        ({"kind": "cut_stream", "after_events": 4}, "AI_UNAVAILABLE"),
        ({"kind": "stream_error", "after_events": 4}, "AI_UNAVAILABLE"),
        ({"kind": "malformed"}, "AI_UNAVAILABLE"),
        ({"kind": "garbage_sse"}, "AI_UNAVAILABLE"),
    ],
)
async def test_a_fault_is_told_paid_as_far_as_it_went_and_forgotten(
    gateway: Gateway, fault: dict[str, object], reason: str, ask: Ask
) -> None:
    text = "word " * 50
    await gateway.claude.script({"match": {}, "answer": {"text": text}, "fault": fault})
    error = await refusal(ask(gateway.client, prompt("Soon? 0")))
    assert error.reason_name == reason

    rows = await gateway.settled()
    assert "ANSWERED" not in {row["outcome"] for row in rows}
    tokens, cost = await booked(gateway)
    if fault["kind"] == "status" or ask is plain:
        # Refused, or cut before it told what it used.
        assert (tokens, cost) == (0, 0)
    else:
        (asked,) = await gateway.claude.requests()
        used = asked["usage"]
        assert isinstance(used, dict)
        assert tokens == used["input_tokens"]
        # $2 a million tokens in, $10 out, of which at least the one that the beginning names, and not all.
        assert 2 * tokens + 10 <= cost < 2 * tokens + 10 * used["output_tokens"]
    assert cost == sum(row["cost_micro_usd"] for row in rows)
    await nothing_is_kept(gateway)


async def test_without_a_deadline_of_its_own_a_silent_claude_would_hold_the_caller(
    start_gateway: StartGateway,
) -> None:
    """The protection off: with much time for an answer, only the caller's own end of time ends it."""
    async with start_gateway(ai_request_timeout=60_000) as gateway:
        await gateway.claude.script({"match": {}, "fault": {"kind": "silent"}})
        asking = asyncio.create_task(gateway.client.ask(prompt("Soon?"), seconds=10))
        done, _ = await asyncio.wait({asking}, timeout=TIMEOUT + LATE)
        assert not done
        asking.cancel()
