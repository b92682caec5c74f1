"""What the pages take and from whom, and what each answer carries."""

import asyncio
import re

import grpc
import httpx
import pytest
import redis.asyncio

from bloom.auth.v1 import session_service_pb2, session_service_pb2_grpc
from gateway.tests.web.conftest import ORIGIN, PASSWORD, Visitor
from web_gateway.application import _PAGES
from web_gateway.sealing import csrf_token, new_secret
from web_gateway.settings import WebSettings

ELSEWHERE = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"{ORIGIN}.evil.example"},
    {"origin": "http://localhost:3002"},
    {"origin": ""},
    {"origin": "", "sec_fetch_site": "same-site"},
    {"origin": "", "sec_fetch_site": "cross-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
async def test_a_form_of_another_site_is_refused_token_or_not(pages, headers):
    email = await pages.registered()
    visitor = Visitor(pages)
    assert (await visitor.sign_in(email, **headers)).status_code == 403
    assert not visitor.session
    assert (await visitor.sign_in(email, origin="", sec_fetch_site="same-origin")).status_code == 303


@pytest.mark.parametrize("token", ["", "wrong", csrf_token("of another cookie"), "é"])
async def test_a_form_needs_the_token_of_its_own_cookie(pages, token):
    email = await pages.registered()
    visitor = Visitor(pages)
    await visitor.get("/account/sign-in")
    fields = {"email": email, "password": PASSWORD, "csrf": token}
    assert (await visitor.post("/account/sign-in", fields)).status_code == 403
    # That of a session does for no visit, nor the other way round.
    signed_in = await pages.signed_in()
    assert (await signed_in.post("/account/sign-out", {"csrf": csrf_token("A" * 43)})).status_code == 403
    assert signed_in.session


@pytest.mark.parametrize("path", [path for method, path, _ in _PAGES if method == "POST"])
async def test_every_form_is_refused_without_its_token(pages, path):
    visitor = await pages.signed_in()
    session = visitor.session
    answer = await visitor.post(f"/account{path}", {})
    assert answer.status_code == 403
    assert visitor.session == session


@pytest.mark.parametrize("path", [path for method, path, _ in _PAGES if method == "GET"])
async def test_every_page_brings_its_policy_and_is_kept_by_nobody(pages, path):
    for visitor in (Visitor(pages), await pages.signed_in()):
        answer = await visitor.get(f"/account{path}")
        assert answer.headers["cache-control"] == "no-store"
        if answer.headers.get("content-type", "").startswith("text/html"):
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert "unsafe" not in policy
            assert answer.headers["referrer-policy"] == "strict-origin"
            assert "<script>" not in answer.text
            assert "style=" not in answer.text
            assert " on" not in {word[:3] for word in answer.text.split("<")}


@pytest.mark.parametrize("path", ["/sign-in", "/reset?token=x", "/password", "/step-up"])
async def test_fields_of_passwords_hide_them_and_take_what_managers_fill_in(pages, path):
    visitor = await pages.signed_in()
    fields = re.findall(r'<input id="[^"]*password"[^>]*>', (await visitor.get(f"/account{path}")).text)
    assert fields
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field)
        assert "onpaste" not in field
        assert "maxlength" not in field


async def test_signing_out_tells_the_browser_to_forget(pages):
    visitor = await pages.signed_in()
    answer = await visitor.post("/account/sign-out", {"csrf": csrf_token(visitor.session)})
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert not visitor.session


async def test_cookies_are_for_this_host_alone_and_for_no_script(pages):
    visitor = Visitor(pages)
    given = (await visitor.get("/account/sign-in")).headers["set-cookie"]
    answer = await visitor.sign_in(await pages.registered())
    for cookie in (given, answer.headers.get_list("set-cookie")[0]):
        assert cookie.startswith("__Host-")
        assert {part.strip() for part in cookie.split(";")[1:]} == {
            "HttpOnly",
            "Path=/",
            "SameSite=lax",
            "Secure",
        }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_cookie_changes_something_only_with_the_header_and_from_our_site(pages, method):
    visitor = await pages.signed_in()
    token = csrf_token(visitor.session)
    good = {"origin": ORIGIN, "x_bloom_csrf": token}
    assert (await visitor.handed_over(method, **good)).headers["authorization"].startswith("Bearer eyJ")
    for headers in (
        {},
        {"origin": ORIGIN},
        {"x_bloom_csrf": token},
        {**good, "x_bloom_csrf": csrf_token(new_secret())},
        {**good, "origin": "https://evil.example"},
        {**good, "sec_fetch_site": "cross-site"},
    ):
        refused = await visitor.handed_over(method, **headers)
        assert refused.status_code == 403
        assert refused.json()["details"][0]["reason"] == "CSRF_REFUSED"
        assert "authorization" not in refused.headers


async def test_a_read_needs_no_header_but_no_other_site_makes_one(pages):
    visitor = await pages.signed_in()
    assert "authorization" in (await visitor.handed_over()).headers
    assert (await visitor.handed_over(sec_fetch_site="same-site")).status_code == 403
    assert (await visitor.handed_over(origin="https://evil.example")).status_code == 403


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "A" * 5000, "é"])
async def test_a_cookie_of_nobody_asks_for_nothing(pages, cookie):
    visitor = Visitor(pages, {"__Host-bloom-session": cookie} if cookie.isascii() else {})
    answer = await visitor.handed_over("POST")
    assert (answer.status_code, answer.headers.get("authorization")) == (200, None)


async def test_a_body_that_is_too_large_or_no_text_is_refused(pages):
    visitor = Visitor(pages)
    token = await visitor.csrf("/account/sign-in")
    for content in (b"x=" + b"a" * 70_000, b"x=\xff", f"csrf={token}".encode() + b"&a=1" * 30):
        answer = await pages.client.post(
            "/account/sign-in",
            content=content,
            headers={
                "origin": ORIGIN,
                "cookie": f"__Host-bloom-visit={visitor.cookies['__Host-bloom-visit']}",
                "content-type": "application/x-www-form-urlencoded",
            },
        )
        assert answer.status_code == 400


async def test_what_is_not_there_says_so(pages):
    for path in ("/account/nothing", "/account/static/nothing.js", "/account/static/../web.py"):
        answer = await Visitor(pages).get(path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text
    assert (await Visitor(pages).post("/account/session", {})).status_code == 404


async def test_auth_learns_which_browser_asks_and_the_list_shows_it(pages):
    visitor = Visitor(pages)
    agent = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"
    await visitor.sign_in(await pages.registered(), user_agent=agent)
    assert "Firefox on Windows" in (await visitor.get("/account/")).text


async def test_a_revoked_session_leads_to_the_sign_in(pages):
    visitor = await pages.signed_in()
    token = (await visitor.handed_over()).headers["authorization"]
    async with grpc.aio.insecure_channel(pages.settings.auth_address) as channel:
        stub = session_service_pb2_grpc.SessionServiceStub(channel)
        request = session_service_pb2.EndSessionsRequest(keep_current=False)
        await stub.EndSessions(request, metadata=(("authorization", token),))
    async with asyncio.timeout(10):
        while (answer := await visitor.get("/account/")).status_code == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert answer.headers["location"].startswith("/account/sign-in")
    assert not visitor.session


async def test_a_throttled_sign_in_says_when_to_come_back(pages):
    email = await pages.registered()
    visitor = Visitor(pages)
    for _ in range(11):
        answer = await visitor.sign_in(email, "wrong")
    assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ("https://Contracts.Example.COM", "https://contracts.example.com"),
        ("https://contracts.example.com:443", "https://contracts.example.com"),
        ("http://localhost:3001", "http://localhost:3001"),
        ("http://[::1]:3001", "http://[::1]:3001"),
    ],
)
def test_an_origin_is_as_browsers_write_it(told, origin):
    settings = {"web_address": "x:1", "auth_address": "x:1", "redis_url": "redis://x", "public_url": told}
    assert WebSettings.model_validate(settings).public_url == origin


async def test_an_empty_form_says_what_is_missing(pages):
    visitor = Visitor(pages)
    token = await visitor.csrf("/account/sign-in")
    answer = await visitor.post("/account/sign-in", {"csrf": token, "email": "", "password": ""})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


async def test_valkey_that_is_away_is_told(pages, monkeypatch):
    visitor = await pages.signed_in()

    async def away(*_: object, **__: object) -> None:
        raise redis.exceptions.ConnectionError

    monkeypatch.setattr(redis.asyncio.Redis, "getex", away)
    answer = await visitor.get("/account/")
    assert answer.status_code == 503
    assert "valkey is not reachable" in answer.text
    assert (await visitor.handed_over()).status_code == 503
    assert visitor.session
