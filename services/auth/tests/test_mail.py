"""Mail leaves at least once, tells nobody its words, and takes names for names."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from auth_service.keys.wrapping import MAIL, KeyWrap
from auth_service.mail import letters, store
from auth_service.mail.folder import Folder
from auth_service.mail.model import Mail, MailWaitsError
from auth_service.mail.relay import Relay
from auth_service.mail.sealing import seal
from auth_service.mail.ses import Ses
from service_runtime.postgres import Postgres

LINK = "https://web.example/account/reset?token=canary-of-a-link"
WRAP = KeyWrap(SecretStr("a secret of thirty-two letters or more"), MAIL)


def a_mail(**different) -> Mail:
    letter = letters.reset("a@mail.example", LINK, timedelta(minutes=30))
    later = datetime.now(UTC) + timedelta(hours=1)
    return replace(Mail(uuid4(), uuid4(), "a@mail.example", letter, later), **different)


@pytest.fixture
async def postgres(databases) -> AsyncIterator[Postgres]:
    opened = await Postgres.connect(databases.app("auth"), size=4)
    async with opened.relaying() as connection:
        await connection.execute("DELETE FROM mail_queue")
    yield opened
    await opened.close()


@pytest.fixture
async def ses(monkeypatch):
    """A local HTTP endpoint that answers as told, then takes the mail."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    answers, taken = [], []

    async def send(request: web.Request) -> web.Response:
        status, kind = answers.pop(0) if answers else (200, "")
        if status == 200:
            taken.append(await request.json())
        headers = {"x-amzn-errortype": kind} if kind else {}
        return web.json_response(
            {"MessageId": "1"} if status == 200 else {"message": LINK}, status=status, headers=headers
        )

    app = web.Application()
    app.router.add_post("/v2/email/outbound-emails", send)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield Ses(region="eu-west-1", sender="b@mail.example", endpoint=endpoint), answers, taken
    await runner.cleanup()


async def write(postgres: Postgres, mail: Mail) -> None:
    async with postgres.transaction(mail.org_id) as connection:
        await store.enqueue(connection, seal(WRAP, mail))


async def waiting(postgres: Postgres) -> int:
    """How many wait; all of them are due at once."""
    async with postgres.relaying() as connection:
        return len(await connection.fetch("UPDATE mail_queue SET due_at = now() RETURNING id"))


class Counting:
    """A way out that takes everything, and fails where it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.taken = list(failures), []

    async def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(mail.id)


async def test_of_many_relays_one_sends_a_mail(postgres) -> None:
    mails = [a_mail() for _ in range(5)]
    for mail in mails:
        await write(postgres, mail)
    way = Counting()
    await asyncio.gather(*(Relay(postgres, WRAP, way).send_next() for _ in range(12)))
    assert sorted(way.taken) == sorted(mail.id for mail in mails)
    assert await waiting(postgres) == 0


async def test_a_mail_whose_relay_died_is_sent_by_another(postgres) -> None:
    mail = a_mail()
    await write(postgres, mail)

    class Dying:
        async def send(self, mail: Mail) -> None:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Relay(postgres, WRAP, Dying()).send_next()
    way = Counting()
    assert not await Relay(postgres, WRAP, way).send_next()  # the dead one may still be at it
    assert await waiting(postgres) == 1
    assert await Relay(postgres, WRAP, way).send_next()
    assert way.taken == [mail.id]


async def test_the_relay_outlives_whatever_fails(postgres, tmp_path) -> None:
    mail = a_mail()
    await write(postgres, mail)
    (tmp_path / "mail").write_text("in the way")
    relay = Relay(postgres, WRAP, Folder(tmp_path / "mail"))
    assert await relay.send_next()
    (tmp_path / "mail").unlink()
    assert await waiting(postgres) == 1
    assert await relay.send_next()
    kept = tmp_path / "mail" / f"{mail.id}.json"
    assert json.loads(kept.read_text())["text"] == mail.letter.text
    assert kept.stat().st_mode & 0o077 == 0


async def test_mail_of_a_transaction_that_failed_is_never_sent(postgres) -> None:
    mail = a_mail()
    with contextlib.suppress(ZeroDivisionError):
        async with postgres.transaction(mail.org_id) as connection:
            await store.enqueue(connection, seal(WRAP, mail))
            raise ZeroDivisionError
    assert not await Relay(postgres, WRAP, Counting()).send_next()


@pytest.mark.parametrize("answer", [(429, "TooManyRequestsException"), (503, ""), (500, "InternalFailure")])
async def test_ses_is_asked_again_and_nothing_of_the_mail_is_logged(postgres, ses, answer, caplog) -> None:
    transport, answers, taken = ses
    answers.append(answer)
    relay = Relay(postgres, WRAP, transport)
    await write(postgres, a_mail())
    with caplog.at_level(logging.DEBUG, logger="bloom"):
        assert await relay.send_next()
        assert taken == []
        assert not await relay.send_next()  # put off
        assert await waiting(postgres) == 1
        assert await relay.send_next()
    assert LINK in taken[0]["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert await waiting(postgres) == 0
    assert "waits" in caplog.text
    assert LINK not in caplog.text
    assert "a@mail.example" not in caplog.text


async def test_what_ses_will_never_take_is_given_up(postgres, ses, caplog) -> None:
    transport, answers, taken = ses
    answers.append((400, "MessageRejected"))
    await write(postgres, a_mail())
    await Relay(postgres, WRAP, transport).send_next()
    assert (await waiting(postgres), taken) == (0, [])
    assert "given up: MessageRejected" in caplog.text


async def test_each_wait_is_longer_up_to_five_minutes(postgres) -> None:
    await write(postgres, a_mail())
    waits = []
    for _ in range(11):
        await Relay(postgres, WRAP, Counting(MailWaitsError("full"))).send_next()
        async with postgres.relaying() as connection:
            waits.append(await connection.fetchval("SELECT due_at - now() FROM mail_queue"))
        await waiting(postgres)
    seconds = [round(wait.total_seconds()) for wait in waits]
    assert seconds == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_an_expired_mail_is_not_sent(postgres) -> None:
    await write(postgres, a_mail(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert not await Relay(postgres, WRAP, Counting()).send_next()
    async with postgres.relaying() as connection:
        await store.clear_expired(connection)
    assert await waiting(postgres) == 0


async def test_the_database_alone_does_not_tell_a_link(postgres, caplog) -> None:
    mail = a_mail()
    await write(postgres, mail)
    async with postgres.relaying() as connection:
        row = await connection.fetchrow("SELECT * FROM mail_queue")
    assert b"canary" not in row["sealed"]
    assert "mail.example" not in str(dict(row))
    # Moved to another organization's place, it opens no more, and is not tried for ever.
    async with postgres.relaying() as connection:
        await connection.execute("UPDATE mail_queue SET org_id = $1", uuid4())
    way = Counting()
    await Relay(postgres, WRAP, way).send_next()
    assert (way.taken, await waiting(postgres)) == ([], 0)
    assert "WrongSecretError" in caplog.text


def test_a_name_is_no_header_no_markup_and_no_link() -> None:
    hostile = "<b>Evil</b>\r\nBcc: all@mail.example\r\n\r\nhttps://evil.example"
    letter = letters.invitation(hostile, hostile, LINK, timedelta(days=7))
    assert "\n" not in letter.subject
    assert "<b>" not in letter.html
    assert [line for line in letter.text.splitlines() if line.startswith("http")] == [LINK]
    assert "within 7 days" in letter.text


def test_a_mail_does_not_print() -> None:
    assert "canary" not in repr(a_mail()) + repr(seal(WRAP, a_mail()))
    assert "a@mail.example" not in repr(a_mail())


def test_only_a_local_environment_keeps_its_mail(settings_of) -> None:
    for environment in ("dev", "stage", "prod"):
        with pytest.raises(ValidationError, match="MAIL_FOLDER"):
            settings_of(environment=environment)
