"""Passwords are not tried without end, by account, by address, by all; and strangers lock nobody out."""

import asyncio
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import grpc
import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from auth_service.passwords.hashing import Passwords
from auth_service.throttle import model
from auth_service.throttle.model import Limits, Try
from auth_service.throttle.service import Throttle, unlock
from bloom.auth.v1 import auth_service_pb2, directory_service_pb2
from bloom.options.v1 import policy_pb2
from service_runtime.clients import domain_error
from service_runtime.errors import DomainError
from service_runtime.postgres import Postgres

WRONG = "not-the-password-at-all"
LIMITS = Limits(of_account=4, of_address=9, of_all=10**6)
HOME, CAFE, AWAY = "198.51.100.7", "203.0.113.9", "2001:db8:1:2::5"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def login(mesh, email: str, password: str, address: str) -> str:
    """The refusal's reason; nothing for a sign-in."""
    request = auth_service_pb2.LoginRequest(email=email, password=password)
    try:
        await mesh.auth.Login(request, metadata=(("x-envoy-external-address", address),))
    except grpc.aio.AioRpcError as failed:
        return domain_error(failed, "auth").reason_name
    return ""


@pytest.fixture
def verified(monkeypatch) -> Counter[str]:
    """How often each password was really looked at."""
    done: Counter[str] = Counter()
    real = Passwords._matches

    def counted(self, encoded, password):
        done[password] += 1
        return real(self, encoded, password)

    monkeypatch.setattr(Passwords, "_matches", counted)
    return done


async def test_of_a_thousand_tries_at_once_no_more_than_the_limit_is_looked_at(start, verified):
    async with start(sign_in_tries=10, hashing_queue=1000) as mesh:
        owner = await mesh.register()
        tries = [login(mesh, owner.email, WRONG, f"198.51.{n % 200}.{n // 200}") for n in range(1000)]
        reasons = Counter(await asyncio.gather(*tries))
    assert verified[WRONG] == reasons["CREDENTIALS_INVALID"] == 10
    # The others are told so, or that there are too many at once.
    assert reasons["SIGN_IN_THROTTLED"] + reasons["OVERLOADED"] == 990


async def test_while_it_is_locked_not_even_the_right_password_is_looked_at(start, verified):
    async with start(sign_in_tries=3) as mesh:
        owner = await mesh.register()
        for _ in range(3):
            assert await login(mesh, owner.email, WRONG, CAFE) == "CREDENTIALS_INVALID"
        verified.clear()
        assert await login(mesh, owner.email, owner.password, CAFE) == "SIGN_IN_THROTTLED"
        assert not verified
        assert (await mesh.audited(owner.org_id))[-1]["detail"] == {"locked": True}
    # The lock is in the database.
    async with start(sign_in_tries=3) as again:
        assert await login(again, owner.email, owner.password, CAFE) == "SIGN_IN_THROTTLED"


async def test_an_unknown_email_is_locked_as_a_known_one(start, verified):
    async with start(sign_in_tries=3) as mesh:
        owner, seen = await mesh.register(), []
        for email in (owner.email, f"{uuid4()}@nobody.example"):
            seen.append([await login(mesh, email, WRONG, CAFE) for _ in range(5)])
    assert seen[0] == seen[1] == ["CREDENTIALS_INVALID"] * 3 + ["SIGN_IN_THROTTLED"] * 2
    assert verified[WRONG] == 6


async def test_strangers_do_not_lock_out_who_signed_in_from_there_before(start):
    async with start(sign_in_tries=3) as mesh:
        owner = await mesh.register()
        assert await login(mesh, owner.email, owner.password, HOME) == ""
        for _ in range(5):
            await login(mesh, owner.email, WRONG, CAFE)
        assert await login(mesh, owner.email, owner.password, CAFE) == "SIGN_IN_THROTTLED"
        assert await login(mesh, owner.email, owner.password, HOME) == ""
        assert await mesh.refresh(owner.refresh_token)
        for _ in range(3):
            assert await login(mesh, owner.email, WRONG, HOME) == "CREDENTIALS_INVALID"
        assert await login(mesh, owner.email, owner.password, HOME) == "SIGN_IN_THROTTLED"


async def test_an_administrator_unlocks(start, refusal):
    async with start(sign_in_tries=3) as mesh:
        owner = await mesh.register()
        member = await mesh.member(owner, policy_pb2.ROLE_VIEWER)
        for _ in range(3):
            await login(mesh, member.email, WRONG, CAFE)
        request = directory_service_pb2.UnlockUserRequest(name=member.name)
        stranger = await mesh.register()
        refused = await refusal(mesh.directory.UnlockUser(request, metadata=stranger.metadata))
        assert refused.reason_name == "NOT_FOUND"
        assert await login(mesh, member.email, member.password, CAFE) == "SIGN_IN_THROTTLED"
        await mesh.directory.UnlockUser(request, metadata=owner.metadata)
        assert await login(mesh, member.email, member.password, CAFE) == ""
        assert "user.unlocked" in await mesh.actions(owner.org_id)


async def test_an_address_that_tries_many_accounts_is_refused_and_others_are_not(start):
    async with start(sign_in_address_tries=5) as mesh:
        owner = await mesh.register()
        for host in range(5):
            address = f"2001:db8:7:7::{host}"  # one home has them all
            assert await login(mesh, f"{uuid4()}@nobody.example", WRONG, address) == "CREDENTIALS_INVALID"
        assert await login(mesh, owner.email, owner.password, "2001:db8:7:7::ffff") == "SIGN_IN_THROTTLED"
        assert await login(mesh, owner.email, owner.password, "2001:db8:7:8::1") == ""


async def test_right_passwords_do_not_count_against_their_address(start):
    async with start(sign_in_address_tries=3) as mesh:
        owner = await mesh.register()
        office = "192.0.2.77"
        assert [await login(mesh, owner.email, owner.password, office) for _ in range(6)] == [""] * 6


async def test_who_found_no_room_for_the_hash_has_not_tried(start, monkeypatch):
    go_on, real, pools = threading.Event(), Passwords._matches, []

    def held(self, encoded, password):
        go_on.wait()
        return real(self, encoded, password)

    class Known(Passwords):
        def __init__(self, **sizes: int) -> None:
            super().__init__(**sizes)
            pools.append(self)

    monkeypatch.setattr("auth_service.application.Passwords", Known)
    async with start(sign_in_tries=3, hashing_threads=1, hashing_queue=1) as mesh, asyncio.timeout(20):
        owner = await mesh.register()
        monkeypatch.setattr(Passwords, "_matches", held)
        inside = [asyncio.create_task(login(mesh, owner.email, owner.password, CAFE)) for _ in range(2)]
        while pools[0].pending < 2:  # noqa: ASYNC110 the server has no event for it
            await asyncio.sleep(0.005)
        for _ in range(5):
            assert await login(mesh, owner.email, owner.password, CAFE) == "OVERLOADED"
        go_on.set()
        assert await asyncio.gather(*inside) == ["", ""]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::9"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not an address", ""), ("192.0.2.1:1234", ""),
    ],
)  # fmt: skip
def test_addresses_of_one_place(one, other):
    assert model.of_address(one) == model.of_address(other)


class Tries(RuleBasedStateMachine):
    """Two accounts and three addresses, held against a few lines that say what is meant."""

    postgres: Postgres
    loop: asyncio.AbstractEventLoop

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.throttle = Throttle(self.postgres, LIMITS, clock=self.clock)
        self.emails = [f"{uuid4()}@mail.example" for _ in range(2)]
        # Networks of this run alone.
        run = uuid4().bytes
        self.addresses = [f"{run[0]}.{run[1]}.{run[2]}.{n}" for n in range(3)]
        self.accounts: dict[tuple[str, str], tuple[int, datetime, datetime, int]] = {}
        self.places: dict[str, tuple[int, datetime]] = {}
        self.familiar: dict[tuple[str, str], datetime] = {}

    def run(self, work):
        return self.loop.run_until_complete(work)

    def _account(self, email: str, address: str):
        now = self.clock.now
        name = (email, address if self.familiar.get((email, address), now) > now else "")
        tries, ends, locked, locks = self.accounts.get(
            name, (0, now + LIMITS.account_window, datetime.min.replace(tzinfo=UTC), 0)
        )
        if ends <= now:
            tries, ends, locks = 0, now + LIMITS.account_window, 0
        return name, tries, ends, locked, locks

    def _place(self, address: str):
        tries, ends = self.places.get(address, (0, self.clock.now + LIMITS.address_window))
        return (0, self.clock.now + LIMITS.address_window) if ends <= self.clock.now else (tries, ends)

    @rule(who=st.integers(0, 1), where=st.integers(0, 2), right=st.booleans())
    def attempt(self, who: int, where: int, right: bool) -> None:
        email, address, now = self.emails[who], self.addresses[where], self.clock.now
        name, tries, ends, locked, locks = self._account(email, address)
        place, place_ends = self._place(address)
        free = locked <= now and tries < LIMITS.of_account and place < LIMITS.of_address
        self.accounts[name] = tries, ends, locked, locks
        self.places[address] = place, place_ends
        made = self.run(self._taken(email, address))
        assert free == isinstance(made, Try)
        if isinstance(made, DomainError):
            assert made.retry_after is not None
            assert locked <= now or made.retry_after == locked - now
            return
        if right:
            self.run(self._in_transaction(lambda c: self.throttle.succeeded(c, made)))
            self.accounts[name] = 0, ends, locked, 0
            self.familiar[email, address] = now + LIMITS.familiar
            return
        told = self.run(self._in_transaction(lambda c: self.throttle.failed(c, made)))
        tries += 1
        self.places[address] = place + 1, place_ends
        assert told == (tries >= LIMITS.of_account)
        if told:
            locked = now + LIMITS.lengths[min(locks, len(LIMITS.lengths) - 1)]
            tries, ends, locks = 0, locked + timedelta(days=1), locks + 1
        self.accounts[name] = tries, ends, locked, locks

    async def _taken(self, email: str, address: str) -> Try | DomainError:
        try:
            return await self.throttle.take(email, address)
        except DomainError as refused:
            return refused

    async def _in_transaction(self, work):
        async with self.postgres.unscoped() as connection:
            return await work(connection)

    @rule(seconds=st.sampled_from([1, 59, 61, 299, 301, 899, 901, 3601, 86_400, 86_400 * 31]))
    def later(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    @rule(who=st.integers(0, 1))
    def pardon(self, who: int) -> None:
        self.run(self._in_transaction(lambda c: unlock(c, self.emails[who])))
        self.accounts.pop((self.emails[who], ""), None)

    @precondition(lambda self: self.accounts)
    @invariant()
    def nobody_is_locked_longer_than_the_longest(self) -> None:
        assert all(
            locked <= self.clock.now + LIMITS.lengths[-1] for _, _, locked, _ in self.accounts.values()
        )


def test_tries_are_counted_as_meant(databases):
    loop = asyncio.new_event_loop()
    Tries.loop = loop
    Tries.postgres = loop.run_until_complete(Postgres.connect(databases.app("auth"), size=2))
    try:
        hypothesis.stateful.run_state_machine_as_test(
            Tries, settings=hypothesis.settings(max_examples=40, stateful_step_count=40, deadline=None)
        )
    finally:
        loop.run_until_complete(Tries.postgres.close())
        loop.close()
