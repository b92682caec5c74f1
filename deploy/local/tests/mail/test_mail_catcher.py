"""The page that shows mails: what it shows, and to whom."""

import json
from uuid import uuid4

import httpx
import pytest

from mail_catcher.server import serving


@pytest.fixture
def send(tmp_path):
    def write(to: str, subject: str, text: str = "", html: str = "", at: str = "2026-11-23T10:00:00+00:00"):
        letter_id = str(uuid4())
        body = {"id": letter_id, "to": to, "subject": subject, "text": text, "html": html, "sent_at": at}
        (tmp_path / f"{letter_id}.json").write_text(json.dumps(body))
        return letter_id

    return write


@pytest.fixture
async def page(tmp_path):
    async with serving(tmp_path) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


async def test_newest_first_and_of_one_person(page, send):
    assert "No mail has been sent yet" in (await page.get("/")).text
    send("ann@example.com", "Old", at="2026-11-23T09:00:00+00:00")
    send("ann@example.com", "New")
    send("bob@example.com", "His")
    found = (await page.get("/mails.json", params={"to": "ann@example.com"})).json()
    assert [letter["subject"] for letter in found] == ["New", "Old"]
    inbox = (await page.get("/")).text
    assert inbox.index("New") < inbox.index("Old")
    assert "bob@example.com" in inbox


async def test_links_in_the_text_lead_on(page, send):
    letter_id = send("ann@example.com", "Reset", "Follow http://localhost:1/account/reset?token=a_b-c\n")
    text = (await page.get(f"/mails/{letter_id}")).text
    assert '<a href="http://localhost:1/account/reset?token=a_b-c" rel="noreferrer">' in text


async def test_what_a_mail_says_is_no_markup(page, send):
    evil = "<script>alert(1)</script>"
    letter_id = send(evil, evil, f"{evil} http://x/\"onclick='alert(1)'", f"<body>{evil}</body>")
    for path in ("/", f"/mails/{letter_id}"):
        answer = await page.get(path)
        assert "<script" not in answer.text
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    framed = await page.get(f"/mails/{letter_id}/html")
    assert framed.headers["content-security-policy"].startswith("sandbox allow-popups ")
    assert '<base target="_blank">' in framed.text


async def test_another_name_for_this_machine_reads_nothing(page, send):
    send("ann@example.com", "Reset")
    for host in ("evil.example", "localhost.evil.example"):
        answer = await page.get("/mails.json", headers={"host": host})
        assert answer.status_code == httpx.codes.MISDIRECTED_REQUEST
        assert "Reset" not in answer.text
    assert (await page.get("/mails.json", headers={"host": "localhost"})).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/mails/unknown", "/mails/..%2f..%2fsecrets", "/mails/unknown/html"])
async def test_a_mail_that_is_not_there(page, path):
    assert (await page.get(path)).status_code == httpx.codes.NOT_FOUND
