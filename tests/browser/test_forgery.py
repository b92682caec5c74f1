"""What other pages cannot do with somebody's cookies, and what a script of ours can."""

import json

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.person import Person

SESSION = "__Host-bloom-session"
# Another port of the same host: for cookies that is the same site, so SameSite stops nothing here.
NEIGHBOUR = "http://localhost:1"
STRANGER = "http://evil.example"


def at(page: Page, origin: str, html: str) -> Page:
    """A page of somebody else, in the same browser."""
    other = page.context.new_page()
    other.route(f"{origin}/**", lambda route: route.fulfill(body=html, content_type="text/html"))
    other.goto(f"{origin}/")
    return other


def form_to(url: str, **fields: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
    return f'<form id="f" method="post" action="{url}">{hidden}</form>'


@pytest.mark.parametrize("origin", [NEIGHBOUR, STRANGER])
def test_a_form_of_another_page_changes_nothing(page: Page, site: str, person: Person, origin: str):
    person.sign_in(page)
    token = page.locator("input[name=csrf]").first.get_attribute("value") or ""
    for fields in ({}, {"csrf": token}):
        other = at(page, origin, form_to(f"{site}/account/sign-out", **fields))
        with other.expect_navigation():
            other.evaluate("document.getElementById('f').submit()")
        expect(other.get_by_role("heading", name="This page was open for too long.")).to_be_visible()
        other.close()
    page.goto("/account/")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_a_sign_in_is_not_forged_either(page: Page, site: str, person: Person):
    """Or somebody would work, unknowing, in the account of an attacker."""
    page.goto("/account/sign-in")
    fields = {"email": person.email, "password": person.password}
    other = at(page, NEIGHBOUR, form_to(f"{site}/account/sign-in", **fields))
    with other.expect_navigation():
        other.evaluate("document.getElementById('f').submit()")
    assert SESSION not in {cookie["name"] for cookie in page.context.cookies()}


def test_no_other_page_reads_or_frames_ours(page: Page, site: str, person: Person):
    person.sign_in(page)
    other = at(page, NEIGHBOUR, f'<iframe src="{site}/account/sign-in"></iframe>')
    read = other.evaluate(
        "url => fetch(url, {credentials: 'include'}).then(a => a.text()).catch(e => 'refused')",
        f"{site}/v1/me",
    )
    assert read == "refused"
    assert "Sign in" not in other.frames[1].content()


def test_a_script_of_ours_calls_the_api_and_never_sees_a_token(page: Page, site: str, person: Person):
    person.sign_in(page)
    call = """async ([path, options]) => {
        const answer = await fetch(path, options);
        return {status: answer.status, text: await answer.text(), headers: [...answer.headers]};
    }"""
    # Our own policy lets no script of the pages connect; a web client has pages of its own at this origin.
    page.route(f"{site}/client", lambda route: route.fulfill(body="<p>client", content_type="text/html"))
    page.goto(f"{site}/client")
    told = json.loads(page.evaluate(call, ["/account/session", {}])["text"])
    assert told["email"] == person.email
    me = page.evaluate(call, ["/v1/me", {}])
    assert json.loads(me["text"])["email"] == person.email
    body = {"display_name": "x", "permissions": ["PERMISSION_CONTRACTS_READ"]}
    create = {"method": "POST", "body": json.dumps(body), "headers": {"content-type": "application/json"}}
    refused = page.evaluate(call, ["/v1/roles", create])
    assert (refused["status"], json.loads(refused["text"])["details"][0]["reason"]) == (403, "CSRF_REFUSED")
    create["headers"]["x-bloom-csrf"] = told["csrf"]
    made = page.evaluate(call, ["/v1/roles", create])
    assert made["status"] == 200, made
    # Whatever the browser can see of it: no token, and the cookie is not for scripts.
    assert page.evaluate("document.cookie") == ""
    assert "eyJ" not in f"{told}{me}{made}"


def test_the_edge_changes_a_cookie_for_a_token_only_where_there_is_none(page: Page, person: Person):
    person.sign_in(page)
    [session] = [cookie for cookie in page.context.cookies() if cookie["name"] == SESSION]
    assert (session["secure"], session["httpOnly"], session["sameSite"], session["path"]) == (
        True, True, "Lax", "/",
    )  # fmt: skip
    rest, cookie = person.mesh.info.rest, {"cookie": f"{SESSION}={session['value']}"}
    get = {"base_url": rest, "trust_env": False, "timeout": 20}
    with httpx.Client(**get) as client:
        assert client.get("/v1/me", headers=cookie).json()["email"] == person.email
        wrong = {"authorization": "Bearer wrong", **cookie}
        assert client.get("/v1/me", headers=wrong).status_code == 401
        other_cookie = {"cookie": f"{SESSION}={'A' * 43}"}
        assert client.get("/v1/me", headers=other_cookie).json()["details"][0]["reason"] == "TOKEN_MISSING"
        forged = {"x-bloom-user-agent": "x", "x-envoy-external-address": "9.9.9.9", **other_cookie}
        assert client.get("/v1/me", headers=forged).status_code == 401
        for path in ("/handover/v1/me", "/account/../handover/v1/me"):
            assert client.get(path, headers=cookie).status_code == 404


def test_without_the_pages_tokens_go_on_and_cookies_wait(page: Page, person: Person):
    person.sign_in(page)
    [session] = [cookie for cookie in page.context.cookies() if cookie["name"] == SESSION]
    person.mesh.stop("web")
    try:
        assert person.api.get("/v1/me").status_code == 200
        cookie = {"cookie": f"{SESSION}={session['value']}"}
        away = httpx.get(f"{person.mesh.info.rest}/v1/me", headers=cookie, trust_env=False, timeout=20)
        assert (away.status_code, away.json()["details"][0]["reason"]) == (503, "DEPENDENCY_UNAVAILABLE")
    finally:
        person.mesh.start("web")
    page.goto("/account/")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


def test_an_injected_script_does_not_run(page: Page, person: Person, complaints: list[str]):
    person.sign_in(page)
    refused = page.evaluate(
        """() => {
        const script = document.createElement('script'), image = document.createElement('img');
        const ways = [
            () => { script.textContent = 'window.ran = true' },
            () => { script.src = 'data:text/javascript,window.ran=true' },
            () => { image.setAttribute('onerror', 'window.ran = true') },
            () => { document.body.innerHTML += '<img src="x" onerror="window.ran = true">' },
        ];
        return ways.filter((way) => { try { way() } catch (refused) { return true } }).length;
    }"""
    )
    assert refused == 4
    assert page.evaluate("window.ran") is None
    assert complaints
    complaints.clear()
