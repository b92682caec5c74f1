"""Sessions of browsers: what a cookie opens, what Valkey tells, and that a token is changed once."""

import asyncio
import base64
import json

import grpc
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bloom.auth.v1 import auth_service_pb2, session_service_pb2, session_service_pb2_grpc
from gateway.tests.web.conftest import Visitor
from service_runtime import deadlines
from service_runtime.errors import DomainError, Reason
from web_gateway.auth import Auth
from web_gateway.sealing import Sealed, csrf_token, new_secret
from web_gateway.sessions import Sessions


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


class Counting:
    """Auth's own stub, with a count of the refreshes; they can be refused, or held at their end."""

    def __init__(self, auth) -> None:
        self._auth, self.refreshes, self.seconds = auth, 0, 0.0
        self.refused: DomainError | None = None
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    def __getattr__(self, name):
        return getattr(self._auth, name)

    async def RefreshToken(self, request, metadata=()):  # noqa: N802
        self.refreshes += 1
        self.seconds = deadlines.remaining(1000)
        if self.refused:
            raise self.refused
        answer = await self._auth.RefreshToken(request, metadata=metadata)
        self.begun.set()
        await self.go_on.wait()
        return answer


@pytest.fixture
def counting(pages):
    return Counting(pages.auth)


class Watched(Sealed):
    """Says when somebody finds it taken."""

    def __init__(self, valkey) -> None:
        super().__init__(valkey, "session")
        self.waited_for = asyncio.Event()

    async def take(self, secret, seconds):
        taken = await super().take(secret, seconds)
        if not taken:
            self.waited_for.set()
        return taken


@pytest.fixture
def kept(pages):
    return Watched(pages.valkey)


@pytest.fixture
def sessions(kept, counting, clock):
    auth = Auth.__new__(Auth)
    auth.auth = counting
    return Sessions(kept, auth, idle=3600, lifetime=86_400, now=clock)


def name_of(pages, secret):
    """Valkey's, of a session."""
    return Sealed(pages.valkey, "session")._name(secret)


async def tokens(pages):
    email = await pages.registered()
    request = auth_service_pb2.LoginRequest(email=email, password="correct-horse-battery-9")
    return (await pages.auth.Login(request)).tokens


async def test_a_token_is_changed_once_however_many_ask(pages, sessions, counting, clock):
    given = await tokens(pages)
    secret = await sessions.begin(given)
    assert await sessions.token(secret) == given.access_token
    assert counting.refreshes == 0
    for round_number in (1, 2):
        clock.seconds += 590
        found = set(await asyncio.gather(*(sessions.token(secret) for _ in range(50))))
        assert len(found) == 1
        assert given.access_token not in found
        assert counting.refreshes == round_number


async def test_who_begins_a_refresh_and_dies_keeps_nobody_waiting_for_long(pages, sessions, counting, clock):
    secret = await sessions.begin(await tokens(pages))
    clock.seconds += 590
    kept = Sealed(pages.valkey, "session")
    assert await kept.take(secret, 1)
    assert await sessions.token(secret)
    assert counting.refreshes == 1


async def test_a_session_ends_at_its_end_and_without_requests(pages, sessions, clock):
    secret = await sessions.begin(await tokens(pages))
    name = name_of(pages, secret)
    assert 3590 < await pages.valkey.ttl(name) <= 3600
    await pages.valkey.expire(name, 10)
    assert await sessions.token(secret)
    assert await pages.valkey.ttl(name) > 3590
    clock.seconds += 86_400
    assert await sessions.token(secret) is None
    assert not await pages.valkey.exists(name)


async def test_what_auth_has_ended_is_over_here_too(pages, sessions, clock):
    given = await tokens(pages)
    secret = await sessions.begin(given)
    await pages.auth.Logout(auth_service_pb2.LogoutRequest(refresh_token=given.refresh_token))
    clock.seconds += 590
    assert await sessions.token(secret) is None
    assert not await pages.valkey.exists(name_of(pages, secret))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Reason.ERROR_REASON_OVERLOADED),
        (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.ERROR_REASON_DEADLINE_EXCEEDED),
        (grpc.StatusCode.UNAVAILABLE, Reason.ERROR_REASON_DEPENDENCY_UNAVAILABLE),
        (grpc.StatusCode.INTERNAL, Reason.ERROR_REASON_INTERNAL),
    ],
)
async def test_auth_in_trouble_signs_nobody_out(pages, sessions, counting, clock, code, reason):
    secret = await sessions.begin(await tokens(pages))
    clock.seconds += 590
    counting.refused = DomainError(code, reason, "Not now.")
    with pytest.raises(DomainError):
        await sessions.token(secret)
    counting.refused = None
    assert await sessions.token(secret)


async def test_a_refresh_ends_before_another_may_begin(pages, sessions, counting, clock):
    secret = await sessions.begin(await tokens(pages))
    clock.seconds += 590
    await sessions.token(secret)
    assert counting.seconds < 8


async def test_who_signs_out_while_a_token_is_changed_is_signed_out(pages, sessions, counting, clock):
    secret = await sessions.begin(await tokens(pages))
    clock.seconds += 590
    counting.go_on.clear()
    late = asyncio.create_task(sessions.token(secret))
    await counting.begun.wait()
    await sessions.end(secret)
    counting.go_on.set()
    assert await late is None
    assert not await pages.valkey.exists(name_of(pages, secret))


async def test_a_step_up_takes_the_newest_token_along(pages, sessions, counting, clock, kept):
    """An old one would be refused as stolen, and the old cookie would go on beside the new one."""
    given = await tokens(pages)
    secret = await sessions.begin(given)
    clock.seconds += 590
    counting.go_on.clear()
    late = asyncio.create_task(sessions.token(secret))
    await counting.begun.wait()
    stepping = asyncio.create_task(sessions.stepped_up(secret, given))
    waiting = asyncio.create_task(kept.waited_for.wait())
    await asyncio.wait({stepping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    counting.go_on.set()
    assert await late
    after = await stepping
    assert await sessions.token(secret) is None
    session = await sessions._session(after)
    assert session.refresh_token != given.refresh_token
    clock.seconds += 590
    assert await sessions.token(after)


async def test_whoever_reads_valkey_opens_nothing(pages, sessions):
    """Neither with what is there, nor with a cookie of his own."""
    given = await tokens(pages)
    secret = await sessions.begin(given)
    mine = await sessions.begin(await tokens(pages))
    kept = {name: await pages.valkey.get(name) async for name in pages.valkey.scan_iter("bloom:web:*")}
    dump = repr(kept).encode()
    for text in (secret, given.access_token, given.refresh_token, csrf_token(secret)):
        assert text.encode() not in dump
    name, own_name = name_of(pages, secret).encode(), name_of(pages, mine)
    sealed = kept[name]
    for key in (name, base64.b16decode(name.rpartition(b":")[2], casefold=True)):
        with pytest.raises(InvalidTag):
            AESGCM(key[:32]).decrypt(sealed[:12], sealed[12:], name)
    # Somebody who writes there puts another's session under his own name.
    await pages.valkey.set(own_name, sealed)
    assert await sessions.token(mine) is None


async def test_a_visit_is_no_session(pages):
    secret = new_secret()
    value = {"refresh_token": "r", "access_token": "a", "access_ends": 9e9, "ends": 9e9}
    await Sealed(pages.valkey, "visit").put(secret, value, 60)
    assert await Sealed(pages.valkey, "session").get(secret) is None


async def test_each_sign_in_and_step_up_has_a_cookie_that_nobody_knew(pages):
    email = await pages.registered()
    visitor = Visitor(pages, {"__Host-bloom-session": "A" * 43, "__Host-bloom-visit": "B" * 43})
    await visitor.sign_in(email)
    first = visitor.session
    assert first not in ("", "A" * 43)
    token = await visitor.csrf("/account/step-up")
    fields = {"csrf": token, "password": "correct-horse-battery-9", "next": "/account/"}
    assert (await visitor.post("/account/step-up", fields)).headers["location"] == "/account/"
    assert visitor.session != first
    old = Visitor(pages, {"__Host-bloom-session": first})
    assert "authorization" not in (await old.handed_over()).headers
    assert "authorization" in (await visitor.handed_over()).headers
    again = Visitor(pages, dict(visitor.cookies))
    await again.sign_in(email)
    assert "authorization" not in (await visitor.handed_over()).headers


async def test_a_step_up_of_a_session_that_is_gone_begins_none(pages, sessions):
    given = await tokens(pages)
    secret = await sessions.begin(given)
    await sessions.end(secret)
    assert await sessions.stepped_up(secret, given) is None


async def test_a_script_is_told_when_the_session_was_ended_elsewhere(pages):
    visitor = await pages.signed_in()
    token = (await visitor.handed_over()).headers["authorization"]
    async with grpc.aio.insecure_channel(pages.settings.auth_address) as channel:
        stub = session_service_pb2_grpc.SessionServiceStub(channel)
        request = session_service_pb2.EndSessionsRequest(keep_current=False)
        await stub.EndSessions(request, metadata=(("authorization", token),))
    async with asyncio.timeout(10):
        while (told := await visitor.get("/account/session")).json()["signed_in"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert told.json() == {"signed_in": False}


async def test_what_a_script_is_told(pages):
    visitor = await pages.signed_in()
    told = json.loads((await visitor.get("/account/session")).text)
    assert told["signed_in"] is True
    assert told["csrf"] == csrf_token(visitor.session)
    assert visitor.session not in told["csrf"]
    assert json.loads((await Visitor(pages).get("/account/session")).text) == {"signed_in": False}
