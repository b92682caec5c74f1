"""What is known of tokens that were called back, and how it is heard."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from service_runtime import revocation
from service_runtime.errors import DomainError
from service_runtime.identity import TokenVerifier, identify
from service_runtime.revocation import (
    Announcer,
    Revocation,
    Revocations,
    following,
    of_key,
    of_session,
    of_subject,
)


def claims(org, subject: str, session="", **more: object) -> dict[str, object]:
    return {"org": str(org), "sub": subject, **({"sid": str(session)} if session else {}), **more}


@given(st.lists(st.one_of(st.none(), st.integers(1, 20)), min_size=1), st.integers(1, 20))
def test_the_highest_epoch_counts_whatever_the_order(told, epoch):
    org, known = uuid4(), Revocations()
    for one in told:
        known.add(of_subject(org, "users/a", one))
    highest = float("inf") if None in told else max(one for one in told if one is not None)
    assert known.refuses(claims(org, "users/a", epo=epoch)) == (epoch < highest)
    assert known.refuses(claims(org, "users/a"))  # a token without an epoch is older than all
    assert not known.refuses(claims(uuid4(), "users/a", epo=epoch))
    assert not known.refuses(claims(org, "users/b", epo=epoch))


def test_a_session_is_of_its_own():
    org, session, known = uuid4(), uuid4(), Revocations()
    known.add(of_session(session))
    assert known.refuses(claims(org, "users/a", session, epo=9))
    assert not known.refuses(claims(org, "users/a", uuid4(), epo=9))
    assert not known.refuses(claims(org, "users/a", epo=9))


def test_an_api_key_is_of_its_own():
    org, key, known = uuid4(), uuid4(), Revocations()
    known.add(of_key(key))
    assert known.refuses(claims(org, "users/a", epo=9, key=str(key)))
    assert not known.refuses(claims(org, "users/a", epo=9, key=str(uuid4())))


def test_what_no_token_outlives_is_forgotten():
    now = 0.0
    known = Revocations(clock=lambda: now)
    old = uuid4()
    known.add(of_session(old))
    now += revocation.LASTS_SECONDS - 1
    assert known.refuses(claims(uuid4(), "users/a", old))
    known.add(of_session(uuid4()))
    assert len(known) == 2
    now += 2
    known.add(of_session(uuid4()))
    assert len(known) == 2


async def test_a_token_that_was_called_back_is_refused_though_it_was_seen_before(signer):
    known, session, org = Revocations(), uuid4(), uuid4()
    verifier = TokenVerifier(signer, known)
    token = signer.subject(org, sid=str(session))
    await identify(verifier, token, "")
    known.add(of_session(session))
    with pytest.raises(DomainError) as refused:
        await identify(verifier, token, "")
    assert refused.value.reason_name == "TOKEN_REVOKED"


async def until(known: Revocations, told: dict[str, object]) -> None:
    async with asyncio.timeout(10):
        while not known.refuses(told):  # noqa: ASYNC110 it is told from another process
            await asyncio.sleep(0.01)


async def test_it_is_heard_by_who_listens_and_by_who_comes_later(valkey_url):
    url, session, org = SecretStr(valkey_url), uuid4(), uuid4()
    announcer = Announcer(url)
    async with following(url) as known:
        await announcer.announce(of_session(session))
        await announcer.announce(of_subject(org, "users/a", 3))
        await until(known, claims(org, "users/b", session))
        await until(known, claims(org, "users/a", epo=2))
        assert not known.refuses(claims(org, "users/a", epo=3))
    async with following(url) as later:
        assert later.refuses(claims(org, "users/b", session))
    await announcer.close()


async def test_nothing_is_lost_while_the_line_is_down(valkey_url):
    """Told while this process did not hear: it reads on where it stopped."""
    url, org = SecretStr(valkey_url), uuid4()
    there = valkey_url.rpartition("@")[2].partition("/")[0]
    login = valkey_url.rpartition("@")[0]
    down, writers = False, set()

    async def carry(reader, writer):
        if down:
            writer.transport.abort()
            return
        host, port = there.split(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
        writers.update({writer, far_writer})

        async def pour(source, sink):
            try:
                while data := await source.read(4096):
                    sink.write(data)
            except OSError:
                pass
            sink.close()

        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))

    async with await asyncio.start_server(carry, "127.0.0.1", 0) as line:
        port = line.sockets[0].getsockname()[1]
        announcer = Announcer(url)
        async with following(SecretStr(f"{login}@127.0.0.1:{port}/0")) as known:
            await announcer.announce(of_subject(org, "users/before", 2))
            await until(known, claims(org, "users/before", epo=1))
            down = True
            for writer in writers:
                writer.transport.abort()
            await announcer.announce(of_subject(org, "users/meanwhile", 2))
            assert not known.refuses(claims(org, "users/meanwhile", epo=1))
            down = False
            await until(known, claims(org, "users/meanwhile", epo=1))
        await announcer.close()


async def test_without_valkey_a_service_starts_and_says_so(caplog):
    async with following(SecretStr("redis://:hunter2@127.0.0.1:1/0")) as known:
        assert not known.refuses(claims(uuid4(), "users/a"))
    assert "revocations are not heard" in caplog.text
    assert "hunter2" not in caplog.text
    async with following(SecretStr("")):
        pass
    assert "without REDIS_URL" in caplog.text


async def test_who_cannot_tell_says_so():
    announcer = Announcer(SecretStr("redis://127.0.0.1:1/0"))
    with pytest.raises(DomainError) as away:
        await announcer.announce(Revocation("session:x"))
    assert away.value.reason_name == "DEPENDENCY_UNAVAILABLE"
    await announcer.close()
