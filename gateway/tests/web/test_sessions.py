"""Sessions of browsers: what a cookie opens, what Valkey tells, and that a token is changed once."""

import asyncio
import base64
import json

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bloom.auth.v1 import auth_service_pb2
from gateway.tests.web.conftest import Visitor
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
    """Auth's own stub, with a count of the refreshes."""

    def __init__(self, auth) -> None:
        self._auth, self.refreshes = auth, 0

    def __getattr__(self, name):
        return getattr(self._auth, name)

    async def RefreshToken(self, request, metadata=()):  # noqa: N802
        self.refreshes += 1
        return await self._auth.RefreshToken(request, metadata=metadata)


@pytest.fixture
def counting(pages):
    return Counting(pages.auth)


@pytest.fixture
def sessions(pages, counting, clock):
    auth = Auth.__new__(Auth)
    auth.auth = counting
    return Sessions(Sealed(pages.valkey, "session"), auth, idle=3600, lifetime=86_400, now=clock)


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


async def test_what_a_script_is_told(pages):
    visitor = await pages.signed_in()
    told = json.loads((await visitor.get("/account/session")).text)
    assert told["signed_in"] is True
    assert told["csrf"] == csrf_token(visitor.session)
    assert visitor.session not in told["csrf"]
    assert json.loads((await Visitor(pages).get("/account/session")).text) == {"signed_in": False}
