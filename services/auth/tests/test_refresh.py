"""Refresh tokens: rotated, one line a family, a family ends on reuse, and a lost answer is given again."""

import asyncio
from collections.abc import Awaitable, Iterable
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from auth_service.sessions.model import RefreshToken

# Fewer than the pool's connections, so that all can stand at the same row.
PARALLEL = 8


async def age(mesh, owner, seconds: int) -> None:
    """Moves the last rotation of the organization's sessions into the past."""
    await mesh.rows(
        "UPDATE sessions SET rotated_at = rotated_at - $2 * interval '1 s' WHERE org_id = $1",
        owner.org_id,
        seconds,
    )


async def test_a_refresh_gives_a_new_pair_of_the_same_session(mesh, owner):
    pair = await mesh.refresh(owner.refresh_token)
    before, after = await mesh.claims(owner.access_token), await mesh.claims(pair.access_token)
    assert pair.refresh_token != owner.refresh_token
    assert (after["sub"], after["sid"], after["org"]) == (before["sub"], before["sid"], before["org"])
    assert after["jti"] != before["jti"]
    assert (pair.expires_in, pair.token_type) == (600, "Bearer")
    assert (await mesh.refresh(pair.refresh_token)).refresh_token != pair.refresh_token


async def test_a_token_that_comes_back_later_ends_its_family(mesh, owner, refusal):
    pair = await mesh.refresh(owner.refresh_token)
    await age(mesh, owner, 11)
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "REFRESH_REUSED"
    assert (await refusal(mesh.refresh(pair.refresh_token))).reason_name == "TOKEN_INVALID"
    assert (await mesh.actions(owner.org_id))[-2:] == ["session.reused", "session.refresh_refused"]


async def test_a_token_whose_successor_was_used_ends_its_family_at_once(mesh, owner, refusal):
    second = await mesh.refresh(owner.refresh_token)
    third = await mesh.refresh(second.refresh_token)
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "REFRESH_REUSED"
    assert (await refusal(mesh.refresh(third.refresh_token))).reason_name == "TOKEN_INVALID"


async def test_other_sessions_of_the_user_go_on(mesh, owner, refusal):
    other = await mesh.login(owner.email)
    await mesh.refresh(owner.refresh_token)
    await age(mesh, owner, 11)
    await refusal(mesh.refresh(owner.refresh_token))
    assert await mesh.refresh(other.refresh_token)


async def test_a_lost_answer_is_given_again_within_ten_seconds(mesh, owner):
    lost = await mesh.refresh(owner.refresh_token)
    await age(mesh, owner, 9)
    again = await mesh.refresh(owner.refresh_token)
    assert again.refresh_token == lost.refresh_token
    assert await mesh.refresh(again.refresh_token)


async def test_without_the_time_for_a_retry_every_repeat_is_reuse(start, refusal):
    async with start(refresh_retry_seconds=0) as mesh:
        owner = await mesh.register()
        await mesh.refresh(owner.refresh_token)
        assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "REFRESH_REUSED"


async def test_the_retry_is_for_the_same_client_only(mesh, owner, refusal):
    await mesh.refresh(owner.refresh_token)
    thief = (("grpc.primary_user_agent", "another-client/1.0"),)
    async with grpc.aio.insecure_channel(mesh.address, options=thief) as channel:
        assert (await refusal(mesh.refresh(owner.refresh_token, channel))).reason_name == "REFRESH_REUSED"


async def all_at_once(mesh, owner, calls: Iterable[Awaitable[object]]) -> list[object]:
    """Lets the calls go on only when each of them waits for the session's row."""
    holder, watcher = await asyncpg.connect(mesh.superuser), await asyncpg.connect(mesh.superuser)
    try:
        async with asyncio.timeout(10), holder.transaction():
            await holder.execute("SELECT FROM sessions WHERE org_id = $1 FOR UPDATE", owner.org_id)
            running = [asyncio.ensure_future(call) for call in calls]
            blocked = """SELECT count(*) FROM pg_stat_activity
                         WHERE datname = current_database() AND wait_event_type = 'Lock'"""
            while await watcher.fetchval(blocked) < len(running):  # noqa: ASYNC110 nobody tells of a lock unasked
                await asyncio.sleep(0.01)
        return await asyncio.gather(*running, return_exceptions=True)
    finally:
        await holder.close()
        await watcher.close()


async def test_of_parallel_refreshes_one_line_survives(mesh, owner, refusal):
    pairs = await all_at_once(mesh, owner, [mesh.refresh(owner.refresh_token) for _ in range(PARALLEL)])
    (survivor,) = {pair.refresh_token for pair in pairs}
    rows = await mesh.rows(
        "SELECT generation FROM refresh_tokens WHERE org_id = $1 ORDER BY generation", owner.org_id
    )
    assert [row["generation"] for row in rows] == [1, 2]
    assert await mesh.refresh(survivor)
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "REFRESH_REUSED"


async def test_of_parallel_refreshes_without_retry_one_is_answered(start):
    async with start(refresh_retry_seconds=0) as mesh:
        owner = await mesh.register()
        calls = [mesh.refresh(owner.refresh_token) for _ in range(PARALLEL)]
        done = await all_at_once(mesh, owner, calls)
    assert sum(not isinstance(one, BaseException) for one in done) == 1


async def test_a_session_ends_at_its_end_however_busy(mesh, owner, refusal):
    pair = await mesh.refresh(owner.refresh_token)
    await mesh.rows("UPDATE sessions SET expires_at = now() WHERE org_id = $1", owner.org_id)
    assert (await refusal(mesh.refresh(pair.refresh_token))).reason_name == "TOKEN_INVALID"


async def test_logout_ends_the_session_and_tells_nothing(mesh, owner, refusal):
    await mesh.logout(owner.refresh_token)
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "TOKEN_INVALID"
    await mesh.logout(owner.refresh_token)
    await mesh.logout("never given")
    await mesh.logout(RefreshToken.new(owner.org_id, uuid4()).encoded())
    assert (await mesh.actions(owner.org_id)).count("session.ended") == 1


async def test_logout_with_an_older_token_of_the_family_ends_it_too(mesh, owner, refusal):
    pair = await mesh.refresh(owner.refresh_token)
    await mesh.logout(owner.refresh_token)
    assert (await refusal(mesh.refresh(pair.refresh_token))).reason_name == "TOKEN_INVALID"


@pytest.mark.parametrize("change", ["garbage", "secret", "session", "organization"])
async def test_a_token_that_was_never_given_is_refused_and_harms_nobody(mesh, owner, refusal, change):
    token = RefreshToken.parse(owner.refresh_token)
    forged = {
        "garbage": "x" * 86,
        "secret": RefreshToken(token.org_id, token.session_id, bytes(32)).encoded(),
        "session": RefreshToken(token.org_id, uuid4(), token.secret).encoded(),
        "organization": RefreshToken(uuid4(), token.session_id, token.secret).encoded(),
    }[change]
    assert (await refusal(mesh.refresh(forged))).reason_name == "TOKEN_INVALID"
    assert await mesh.refresh(owner.refresh_token)


@pytest.mark.parametrize("text", ["", "a", "=" * 8, "é" * 86, "A" * 85, "A" * 87])
def test_what_is_no_token_is_not_parsed(text):
    assert RefreshToken.parse(text) is None


def test_a_successor_needs_the_token_and_the_nonce():
    token, other = RefreshToken.new(UUID(int=1), UUID(int=2)), RefreshToken.new(UUID(int=1), UUID(int=2))
    assert token.successor(b"n") == token.successor(b"n")
    assert token.successor(b"n") != token.successor(b"m")
    assert token.successor(b"n") != other.successor(b"n")


async def test_a_disabled_user_cannot_refresh_and_does_not_come_back(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.disabled = True
    user = await owner.update_user(user, "disabled")
    assert (await refusal(mesh.refresh(member.refresh_token))).reason_name == "TOKEN_INVALID"
    user.disabled = False
    await owner.update_user(user, "disabled")
    assert (await refusal(mesh.refresh(member.refresh_token))).reason_name == "TOKEN_INVALID"


async def test_new_roles_end_the_sessions_and_come_with_the_next(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.roles[:] = [role.FINANCE]
    await owner.update_user(user, "roles")
    assert (await refusal(mesh.refresh(member.refresh_token))).reason_name == "TOKEN_INVALID"
    claims = await mesh.claims((await mesh.login(member.email)).access_token)
    assert claims["roles"] == ["FINANCE"]
    assert "ai.usage.read" in claims["perms"]


async def test_a_new_display_name_ends_nothing(mesh, owner, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.display_name = "Grace"
    await owner.update_user(user, "display_name")
    assert await mesh.refresh(member.refresh_token)


async def test_disabling_and_refreshing_at_once_leaves_no_token_that_works(mesh, owner, refusal, role):
    member = await mesh.member(owner, role.VIEWER)
    user = await owner.get_user(member.name)
    user.disabled = True
    raced = await asyncio.gather(
        owner.update_user(user, "disabled"), mesh.refresh(member.refresh_token), return_exceptions=True
    )
    tokens = [member.refresh_token] + [
        one.refresh_token for one in raced[1:] if not isinstance(one, BaseException)
    ]
    for token in tokens:
        assert (await refusal(mesh.refresh(token))).reason_name == "TOKEN_INVALID"


async def test_a_session_that_outlived_its_users_access_gives_nothing(mesh, owner, refusal):
    """As a sign-in that began before the user was disabled might leave one."""
    await mesh.rows("UPDATE users SET disabled = true WHERE org_id = $1", owner.org_id)
    assert (await refusal(mesh.refresh(owner.refresh_token))).reason_name == "TOKEN_INVALID"
