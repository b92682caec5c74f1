"""A thousand callers at once: of a session one line goes on, and what has ended gives nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
import pytest

from bloom.auth.v1 import session_service_pb2, session_service_pb2_grpc
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.revocation import following

CALLS = 1000
# One connection answers a hundred calls at once, and so many the server is asked to serve.
CONNECTIONS, SERVED = 10, 2000
PATIENCE_SECONDS = 20


@pytest.fixture
async def busy(start, valkey_url):
    """A service that turns nobody away, and tells of ended sessions at once."""
    async with start(
        max_concurrent_calls=SERVED,
        redis_url=valkey_url,
        revocation_seconds=0.02,
    ) as mesh:
        yield mesh


@asynccontextmanager
async def channels(
    mesh, agents: Callable[[int], str] = lambda _: "one-client/1.0"
) -> AsyncIterator[list[Any]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(
                    mesh.address,
                    options=(("grpc.primary_user_agent", agents(n)), ("grpc.use_local_subchannel_pool", 1)),
                )
            )
            for n in range(CONNECTIONS)
        ]


async def reason(call: Awaitable[Any]) -> tuple[str, Any]:
    try:
        return "", await call
    except grpc.aio.AioRpcError as failed:
        return domain_error(failed, "auth").reason_name, None


async def is_over(mesh, session: str) -> bool:
    rows = await mesh.rows("SELECT ended_at FROM sessions WHERE id = $1", session)
    return rows[0]["ended_at"] is not None


async def lines(mesh, session: str) -> list[int]:
    rows = await mesh.rows(
        "SELECT generation FROM refresh_tokens WHERE session_id = $1 ORDER BY generation", session
    )
    return [row["generation"] for row in rows]


async def test_a_thousand_refreshes_of_one_token_by_one_client_are_one(busy):
    owner = await busy.register()
    session = (await busy.claims(owner.access_token))["sid"]
    async with channels(busy) as many:
        first = await busy.refresh(owner.refresh_token, many[0])
        calls = [reason(busy.refresh(first.refresh_token, many[n % CONNECTIONS])) for n in range(CALLS)]
        answers = await asyncio.gather(*calls)
        assert Counter(told for told, _ in answers) == {"": CALLS}
        (survivor,) = {pair.refresh_token for _, pair in answers}
        assert await lines(busy, session) == [1, 2, 3]
        assert await busy.refresh(survivor, many[0])


async def test_a_thousand_refreshes_of_one_token_by_two_clients_end_its_family(busy):
    owner = await busy.register()
    session = (await busy.claims(owner.access_token))["sid"]
    async with channels(busy, lambda n: f"client-{n % 2}/1.0") as many:
        calls = [reason(busy.refresh(owner.refresh_token, many[n % CONNECTIONS])) for n in range(CALLS)]
        answers = await asyncio.gather(*calls)
        told = Counter(told for told, _ in answers)
        given = {pair.refresh_token for _, pair in answers if pair}
        assert (told["REFRESH_REUSED"], len(given)) == (1, 1)
        assert told[""] + told["TOKEN_INVALID"] == CALLS - 1
        assert await lines(busy, session) == [1, 2]
        for token in (*given, owner.refresh_token):
            assert (await reason(busy.refresh(token, many[0])))[0] == "TOKEN_INVALID"
    assert (await busy.actions(owner.org_id)).count("session.reused") == 1


async def test_a_thousand_refreshes_sign_outs_and_ends_leave_no_token_that_works(busy, role):
    """Ten people with two sessions each, of which one is ended in the middle."""
    owner = await busy.register()
    people = [await owner.create_user(policy_pb2.ROLE_VIEWER) for _ in range(10)]
    ended = [await busy.login(user.email) for user in people]
    kept = [await busy.login(user.email) for user in people]
    stub = session_service_pb2_grpc.SessionServiceStub(busy.channel)

    async def end_others(caller) -> Any:
        return await stub.EndSessions(
            session_service_pb2.EndSessionsRequest(keep_current=True), metadata=caller.metadata
        )

    async with channels(busy) as many:
        calls = []
        for n in range(CALLS):
            who, channel = n // 10 % 10, many[n % CONNECTIONS]
            match n % 10:
                case 7 if n >= CALLS // 2:
                    calls.append(reason(busy.logout(ended[who].refresh_token)))
                case 8 if n >= CALLS // 2:
                    calls.append(reason(end_others(kept[who])))
                case 4 | 5 | 6:
                    calls.append(reason(busy.refresh(kept[who].refresh_token, channel)))
                case _:
                    calls.append(reason(busy.refresh(ended[who].refresh_token, channel)))
        answers = await asyncio.gather(*calls)
        assert set(Counter(told for told, _ in answers)) <= {"", "TOKEN_INVALID"}
        given: dict[str, set[str]] = {}
        for _, pair in answers:
            if token := getattr(pair, "refresh_token", ""):
                given.setdefault((await busy.claims(pair.access_token))["sid"], set()).add(token)
        for caller, goes_on in [(caller, False) for caller in ended] + [(caller, True) for caller in kept]:
            session = (await busy.claims(caller.access_token))["sid"]
            assert await is_over(busy, session) is not goes_on
            tokens = given.get(session, set())
            assert len(tokens) <= 1
            for token in tokens:
                assert (await reason(busy.refresh(token, many[0])))[0] == ("" if goes_on else "TOKEN_INVALID")
    await all_called_back(busy, [caller.access_token for caller in ended])
    assert (await busy.actions(owner.org_id)).count("session.ended") == len(ended)


async def all_called_back(mesh, tokens: list[str]) -> None:
    """As every other service hears it."""
    claims = [await mesh.claims(token) for token in tokens]
    async with following(mesh.settings.redis_url) as known, asyncio.timeout(PATIENCE_SECONDS):
        while not all(known.refuses(each) for each in claims):  # noqa: ASYNC110 it is told from another process
            await asyncio.sleep(0.01)
