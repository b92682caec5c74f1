"""Access tokens that are called back: what ends them here is told to every service, and nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import pytest

from bloom.auth.v1 import (
    auth_service_pb2,
    directory_service_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.revocation import following

ADMIN, VIEWER = policy_pb2.ROLE_ADMIN, policy_pb2.ROLE_VIEWER
NOBODY_LISTENS = "redis://127.0.0.1:1/0"
PATIENCE_SECONDS = 10


@pytest.fixture
async def telling(start, valkey_url):
    """An auth service that tells at once, and hears itself as the others do."""
    async with start(redis_url=valkey_url, revocation_seconds=0.02) as mesh:
        yield mesh


async def called_back(call: Callable[[], Awaitable[object]]) -> None:
    """Asks until it is refused, for the right reason."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await call()
            except grpc.aio.AioRpcError as failed:
                refused = domain_error(failed, "auth")
                break
    assert refused.reason_name == "TOKEN_REVOKED"


async def test_the_tokens_of_an_ended_session_alone(telling):
    owner = await telling.register()
    other = await telling.login(owner.email)
    await session_service_pb2_grpc.SessionServiceStub(telling.channel).EndSessions(
        session_service_pb2.EndSessionsRequest(keep_current=True), metadata=owner.metadata
    )
    await called_back(other.me)
    assert (await owner.me()).subject == owner.name


async def test_signing_out(telling):
    owner = await telling.register()
    await telling.logout(owner.refresh_token)
    await called_back(owner.me)


async def test_a_refresh_token_that_came_twice(telling, refusal):
    owner = await telling.register()
    await telling.refresh((await telling.refresh(owner.refresh_token)).refresh_token)
    assert (await refusal(telling.refresh(owner.refresh_token))).reason_name == "REFRESH_REUSED"
    await called_back(owner.me)


async def test_another_role_ends_every_older_token_and_no_newer_one(telling):
    owner = await telling.register()
    member = await telling.member(owner, VIEWER)
    user = await owner.get_user(member.name)
    user.roles[:] = [ADMIN]
    await owner.update_user(user, "roles")
    newer = await telling.login(member.email)
    await called_back(member.me)
    assert "users.write" in (await newer.me()).permissions


async def test_another_name_ends_nothing(telling):
    owner = await telling.register()
    member = await telling.member(owner, VIEWER)
    user = await owner.get_user(member.name)
    user.display_name = "Ada"
    await owner.update_user(user, "display_name")
    # What is told later shows that the name was not told before it.
    other = await telling.login(owner.email)
    await telling.logout(other.refresh_token)
    await called_back(other.me)
    assert (await member.me()).display_name == "Ada"


async def test_a_deleted_service_account(telling):
    owner = await telling.register()
    made = await owner.create_service_account(VIEWER)
    claims = await telling.claims((await telling.issue(made.client_id, made.client_secret)).access_token)
    async with following(telling.settings.redis_url) as known, asyncio.timeout(PATIENCE_SECONDS):
        assert not known.refuses(claims)
        await telling.directory.DeleteServiceAccount(
            directory_service_pb2.DeleteServiceAccountRequest(name=made.service_account.name),
            metadata=owner.metadata,
        )
        while not known.refuses(claims):  # noqa: ASYNC110 it is told from another process
            await asyncio.sleep(0.01)


async def test_a_token_given_to_a_workload_for_a_subject(telling):
    owner = await telling.register()
    member = await telling.member(owner, VIEWER)
    workload = (await telling.issue("contracts", "only-contracts-knows-this-one")).access_token
    given = await telling.exchange(member.name, owner.organization, workload)
    claims = await telling.claims(given.access_token)
    user = await owner.get_user(member.name)
    user.disabled = True
    await owner.update_user(user, "disabled")
    async with following(telling.settings.redis_url) as known, asyncio.timeout(PATIENCE_SECONDS):
        while not known.refuses(claims):  # noqa: ASYNC110 it is told from another process
            await asyncio.sleep(0.01)


async def test_what_was_ended_while_valkey_was_away_is_told_when_it_is_back(start, valkey_url):
    async with start(redis_url=NOBODY_LISTENS, revocation_seconds=0.02) as mute:
        owner = await mute.register()
        await mute.logout(owner.refresh_token)
        assert (await owner.me()).subject == owner.name
    async with start(redis_url=valkey_url, revocation_seconds=0.02) as mesh:

        async def me() -> None:
            await mesh.auth.GetMe(auth_service_pb2.GetMeRequest(), metadata=owner.metadata)

        await called_back(me)
    # Whoever starts later knows it from the beginning.
    async with start(redis_url=valkey_url) as later:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await later.auth.GetMe(auth_service_pb2.GetMeRequest(), metadata=owner.metadata)
        assert domain_error(refused.value, "auth").reason_name == "TOKEN_REVOKED"
