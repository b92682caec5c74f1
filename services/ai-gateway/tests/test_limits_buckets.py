"""Requests and tokens of an organization: the bucket's arithmetic, the script's, and the stock before it."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ai_gateway.limits.buckets import Allowance, Ask, Bucket, Grant, LocalBuckets
from ai_gateway.limits.orgs import OrgLimits
from ai_gateway.limits.refused import Limit, RefusedError
from ai_gateway.limits.shared_buckets import SCRIPT, SharedBuckets
from ai_gateway.valkey import Valkey
from ai_gateway_testing.backends import free_port

ORG = UUID("018f0000-0000-7000-8000-000000000001")
SMALL = Allowance(
    requests=600, tokens=60_000, burst_seconds=10
)  # 10 and 1,000 a second; 100 and 10,000 at once
UNBOUND = Allowance(requests=10_000_000, tokens=10_000_000_000)

moves = st.lists(
    st.tuples(
        st.floats(0, 5, allow_nan=False),
        st.lists(st.integers(0, SMALL.most_tokens), max_size=30),
        st.integers(0, 60),
        st.integers(0, 6_000),
    ),
    max_size=40,
)


@given(moves)
def test_no_window_sees_more_than_its_part_and_the_burst(
    steps: list[tuple[float, list[int], int, int]],
) -> None:
    bucket, now = Bucket(0.0), 0.0
    taken: list[tuple[float, int, int]] = []
    for pause, calls, ahead_requests, ahead_tokens in steps:
        now += pause
        grant = bucket.visit(now, SMALL, Ask(calls, ahead_requests=ahead_requests, ahead_tokens=ahead_tokens))
        granted = [tokens for tokens, refused in zip(calls, grant.refusals, strict=True) if refused is None]
        taken.append((now, len(granted) + grant.ahead_requests, sum(granted) + grant.ahead_tokens))
    for first, (began, _, _) in enumerate(taken):
        requests = tokens = 0
        for at, more_requests, more_tokens in taken[first:]:
            requests, tokens = requests + more_requests, tokens + more_tokens
            assert requests <= 100 + 10 * (at - began) + 0.001
            assert tokens <= 10_000 + 1_000 * (at - began) + 0.001


@given(
    st.integers(1, 10_000), st.floats(0, 20, allow_nan=False), st.lists(st.integers(0, 10_000), max_size=150)
)
def test_a_refused_call_is_let_in_exactly_when_it_was_told(
    tokens: int, now: float, before: list[int]
) -> None:
    bucket = Bucket(now)
    bucket.visit(now, SMALL, Ask(before))
    refused = bucket.visit(now, SMALL, Ask([tokens])).refusals[0]
    if refused is not None:
        early = bucket.visit(now + refused.retry_after * 0.99, SMALL, Ask([tokens]))
        assert early.refusals[0] is not None
        assert bucket.visit(now + refused.retry_after + 1e-6, SMALL, Ask([tokens])).refusals == (None,)


def test_what_was_not_used_comes_back_and_what_was_used_beyond_it_is_charged() -> None:
    bucket = Bucket(0.0)
    bucket.visit(0.0, SMALL, Ask([10_000]))
    assert bucket.visit(0.0, SMALL, Ask([4_000], back_tokens=4_000)).refusals == (None,)
    refused = bucket.visit(0.0, SMALL, Ask([1], back_tokens=-5_000)).refusals[0]
    assert refused is not None
    assert refused.limit is Limit.ORG_TOKENS
    assert refused.retry_after == pytest.approx(5.001)


def test_a_clock_that_is_set_back_does_not_stop_the_filling() -> None:
    bucket = Bucket(1_000_000.0)
    bucket.visit(1_000_000.0, SMALL, Ask([0] * 100))
    assert bucket.visit(0.0, SMALL, Ask([0])).refusals[0] is not None
    assert bucket.visit(1.0, SMALL, Ask([0])).refusals[0] is None


def test_nothing_is_given_in_advance_from_the_lower_half() -> None:
    bucket = Bucket(0.0)
    grant = bucket.visit(0.0, SMALL, Ask([100] * 48, ahead_requests=5, ahead_tokens=5_000))
    assert (grant.ahead_requests, grant.ahead_tokens) == (2, 200)


def test_full_buckets_are_forgotten() -> None:
    now = [0.0]
    buckets = LocalBuckets(lambda: now[0])
    for _ in range(5_000):
        now[0] += 0.1
        buckets.visited(uuid4(), SMALL, Ask([1_000]))
    assert len(buckets._of) < 1_100


@pytest.fixture
async def valkey(valkey_url: str) -> Valkey:
    return Valkey(SecretStr(valkey_url))


@settings(max_examples=40, deadline=None)
@given(steps=moves, backs=st.lists(st.integers(-3_000, 3_000), min_size=40, max_size=40))
def test_the_script_agrees_with_the_bucket(
    valkey_url: str, steps: list[tuple[float, list[int], int, int]], backs: list[int]
) -> None:
    asyncio.run(_compare(valkey_url, steps, backs))


async def _compare(url: str, steps: list[tuple[float, list[int], int, int]], backs: list[int]) -> None:
    valkey, key, bucket = Valkey(SecretStr(url)), f"test:{uuid4()}", Bucket(0.0)
    for (_, calls, ahead_requests, ahead_tokens), back in zip(steps, backs, strict=False):
        ask = Ask(calls, back // 1_000, back, ahead_requests, ahead_tokens)
        figures = (600, 100, 60_000, 10_000, ask.back_requests, ask.back_tokens, ahead_requests, ahead_tokens)
        answer = await valkey.run(SCRIPT, [key], *figures, *calls)
        assert isinstance(answer, list)
        bucket.at = bucket.at or answer[0] / 1e6
        grant = bucket.visit(answer[0] / 1e6, SMALL, ask)
        waits = [0.0 if one is None else one.retry_after for one in grant.refusals]
        assert [abs(wait) / 1e6 for wait in answer[3:]] == pytest.approx(waits, abs=2e-5)
        assert answer[1:3] == [grant.ahead_requests, grant.ahead_tokens]
    await valkey.close()


@dataclass
class Counted:
    """Buckets that count the visits, and can be held up."""

    inner: LocalBuckets = field(default_factory=LocalBuckets)
    visits: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()

    async def visit(self, org_id: UUID, allowance: Allowance, ask: Ask) -> Grant:
        self.visits += 1
        await self.open.wait()
        return await self.inner.visit(org_id, allowance, ask)

    def missing(self) -> tuple[float, float]:
        """From the bucket, a moment later."""
        bucket, _ = self.inner._of[ORG]
        return bucket.requests, bucket.tokens


async def settled(orgs: OrgLimits) -> None:
    """Waits until the replica holds and owes nothing any more."""
    async with asyncio.timeout(5):
        while orgs._stocks:  # noqa: ASYNC110 it is a dict
            await asyncio.sleep(0.01)


async def test_most_calls_of_a_busy_organization_need_no_visit() -> None:
    buckets = Counted()
    orgs = OrgLimits(buckets, UNBOUND)
    calls = 0
    async with asyncio.timeout(5):
        while calls < 20_000:
            orgs.settle(ORG, await orgs.take(ORG, 4_000), 500)
            calls += 1
            if not calls % 50:
                await asyncio.sleep(0)
    await settled(orgs)
    assert buckets.visits < calls / 50
    await orgs.close()


async def test_calls_that_come_together_share_visits_and_are_judged_one_by_one() -> None:
    buckets = Counted()
    orgs = OrgLimits(buckets, SMALL)
    taken = await asyncio.gather(*(orgs.take(ORG, 1) for _ in range(150)), return_exceptions=True)
    assert buckets.visits <= 2
    assert sum(isinstance(one, RefusedError) for one in taken) == 50
    assert {one.limit for one in taken if isinstance(one, RefusedError)} == {Limit.ORG_REQUESTS}
    await orgs.close()


async def test_a_flood_beyond_the_limit_does_not_become_a_flood_of_visits() -> None:
    buckets = Counted()
    orgs = OrgLimits(buckets, SMALL)
    await asyncio.gather(*(orgs.take(ORG, 100) for _ in range(100)))
    before = buckets.visits
    for _ in range(1_000):
        with pytest.raises(RefusedError) as refused:
            await orgs.take(ORG, 100)
        assert 0 < refused.value.retry_after < 0.2
    assert buckets.visits - before <= 5
    await orgs.close()


async def test_what_a_call_gives_back_is_there_for_the_next_at_once() -> None:
    orgs = OrgLimits(Counted(), SMALL)
    taken = await orgs.take(ORG, 10_000)
    with pytest.raises(RefusedError):
        await orgs.take(ORG, 5_000)
    orgs.settle(ORG, taken, 1_000)
    assert await orgs.take(ORG, 5_000) == 5_000
    await orgs.close()


async def test_a_call_larger_than_the_burst_waits_for_a_full_bucket_and_is_charged_in_the_end() -> None:
    orgs = OrgLimits(Counted(), SMALL)
    taken = await orgs.take(ORG, 50_000)
    assert taken == 10_000
    orgs.settle(ORG, taken, 50_000)
    with pytest.raises(RefusedError) as refused:
        await orgs.take(ORG, 10_000)
    assert refused.value.retry_after == pytest.approx(50, abs=1)
    await orgs.close()


async def test_a_storm_of_cancelled_calls_leaves_nothing_taken() -> None:
    buckets = Counted()
    orgs = OrgLimits(buckets, SMALL)
    for held in (True, False):
        if held:
            buckets.open.clear()
        tasks = [asyncio.create_task(orgs.take(ORG, 50)) for _ in range(90)]
        for _ in range(3):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        buckets.open.set()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [end for end in ends if isinstance(end, int)]
        for taken in kept:
            orgs.give_back(ORG, taken)
    await settled(orgs)
    assert buckets.missing() == (0, 0)
    assert not orgs._visits
    assert not orgs._ticks


async def test_without_valkey_each_replica_keeps_the_limit_itself(caplog: pytest.LogCaptureFixture) -> None:
    orgs = OrgLimits(SharedBuckets(Valkey(SecretStr(f"redis://127.0.0.1:{free_port()}/0"))), SMALL)
    taken = await asyncio.gather(*(orgs.take(ORG, 1) for _ in range(150)), return_exceptions=True)
    assert sum(isinstance(one, RefusedError) for one in taken) == 50
    assert sum("Valkey is away" in record.message for record in caplog.records) == 1
    await orgs.close()


async def test_organizations_do_not_share_a_bucket(valkey: Valkey) -> None:
    orgs = OrgLimits(SharedBuckets(valkey), SMALL, {ORG: Allowance(60, 60_000)})
    other = uuid4()
    taken = await asyncio.gather(
        *(orgs.take(org, 1) for org in (ORG, other) for _ in range(50)), return_exceptions=True
    )
    assert [isinstance(one, RefusedError) for one in taken].count(True) == 40
    await orgs.close()
