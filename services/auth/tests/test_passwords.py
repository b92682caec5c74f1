"""Passwords: which are refused and why, and a pool of hashes that refuses early."""

import asyncio
import threading
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.passwords.hashing import Passwords
from auth_service.passwords.strength import require_strong
from service_runtime.errors import DomainError


@pytest.fixture
def passwords():
    pool = Passwords(threads=2, queue=3)
    yield pool
    pool.close()


def why(password: str, email: str = "ada@lakeside.example", organization: str = "Bergen Hospital") -> str:
    with pytest.raises(DomainError) as refused:
        require_strong(password, email=email, organization=organization)
    assert refused.value.reason_name == "PASSWORD_WEAK"
    assert password not in refused.value.message
    return refused.value.message


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "fewer than 12"),
        ("aaaaaaaaaaaaaaaa", "repeated"),
        ("xk7qxk7qxk7q", "repeated"),
        ("password1234!", "common"),
        ("Passw0rd-Passw0rd!", "common"),
        ("Welcome-Summer2026", "common"),
        ("qwertyuiop123456", "common"),
        ("1234567890987654321", "common"),
        ("p@$$w0rd12345678", "common"),
        ("iloveyou-1987-dragon", "common"),
        ("my-Lakeside-secret-boat", "own e-mail"),
        ("bergenhospital-boat-9", "own e-mail address or your organization"),
        ("BERGEN.hospital/42xkq", "organization"),
    ],
)
def test_what_everybody_tries_first_is_refused(password, reason):
    assert reason in why(password)


@pytest.mark.parametrize(
    "password",
    [
        "correct-horse-battery-9",
        "violet lamp under a staircase",
        "x7!kQ2#vB9zT",
        "åtte små fugler i regn",
        "тихий океан синий",
    ],
)
def test_a_good_password_is_taken(password):
    require_strong(password, email="a@b.example", organization="B")


@given(st.text(max_size=256), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_judged(password, email, organization):
    with suppress(DomainError):
        require_strong(password, email=email, organization=organization)


async def test_a_queue_that_is_full_refuses_before_any_work(passwords, monkeypatch):
    release, started = threading.Event(), []

    def slow(_self, _encoded, _password):
        started.append(1)
        return release.wait(10)

    monkeypatch.setattr(Passwords, "_matches", slow)
    waiting = [asyncio.create_task(passwords.verify(None, "x")) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(DomainError) as refused:
        await passwords.verify(None, "x")
    assert refused.value.reason_name == "OVERLOADED"
    assert refused.value.retry_after is not None
    assert passwords.pending == 5
    assert len(started) <= 2, "more hashes at once than threads"
    release.set()
    assert await asyncio.gather(*waiting) == [False] * 5
    assert passwords.pending == 0


async def test_who_leaves_makes_room_and_costs_no_hash(passwords, monkeypatch):
    release, done = threading.Event(), []

    def slow(_self, _encoded, password):
        release.wait(10)
        done.append(password)
        return True

    monkeypatch.setattr(Passwords, "_matches", slow)
    tasks = [asyncio.create_task(passwords.verify(None, str(number))) for number in range(5)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    await asyncio.gather(tasks[4], return_exceptions=True)
    assert passwords.pending == 4
    release.set()
    await asyncio.gather(*tasks[:4])
    assert sorted(done) == ["0", "1", "2", "3"]


async def test_a_server_with_a_full_queue_answers_overloaded(start, refusal):
    async with start(hashing_threads=1, hashing_queue=1) as mesh:
        done = await asyncio.gather(
            *(mesh.login("nobody@mail.example", "whatever-it-is") for _ in range(12)), return_exceptions=True
        )
        reasons = [(await refusal(_raised(one))).reason_name for one in done]
    assert set(reasons) == {"OVERLOADED", "CREDENTIALS_INVALID"}


async def _raised(error: BaseException) -> None:
    raise error
