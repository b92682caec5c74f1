"""Single sign-on in a browser, by the local provider and the demonstration's domain."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.support.mesh import RunningMesh


def test_one_is_told_where_one_goes_and_comes_back_signed_in(page: Page, mesh: RunningMesh):
    domain = mesh.info.login.email.partition("@")[2]
    page.goto("/account/sign-in")
    page.get_by_role("button", name="Sign in with your organization").click()
    page.get_by_label("E-mail").fill(f"somebody@{domain}")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="You leave for your organization")).to_be_visible()
    provider = page.locator(".place").inner_text()
    page.get_by_role("link", name="Continue to").click()
    expect(page.get_by_role("heading", name="Who are you?")).to_be_visible()
    assert provider in page.url
    chosen = page.get_by_role("button").first
    email = chosen.inner_text().partition("(")[2].rstrip(")")
    chosen.click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    expect(page.get_by_text(email)).to_be_visible()


def begun(page: Page, mesh: RunningMesh) -> str:
    """Where the provider would send this browser back to."""
    page.goto("/account/sso")
    page.get_by_label("E-mail").fill(f"somebody@{mesh.info.login.email.partition('@')[2]}")
    page.get_by_role("button", name="Continue").click()
    url = httpx.URL(page.get_by_role("link", name="Continue to").get_attribute("href") or "")
    with httpx.Client(trust_env=False) as client:
        person = re.search(r'name="person" value="([^"]+)"', client.get(url).text)
        assert person
        return client.get(url.copy_merge_params({"person": person[1]})).headers["location"]


def test_what_comes_back_is_good_in_the_browser_that_went_and_once(page: Page, browser, mesh: RunningMesh):
    refused = "This sign-in did not work"
    with browser.new_context() as stranger:
        other = stranger.new_page()
        other.goto(begun(page, mesh))
        expect(other.get_by_role("alert")).to_contain_text(refused)
        assert "__Host-bloom-session" not in {cookie["name"] for cookie in stranger.cookies()}
    back = begun(page, mesh)
    page.goto(back)
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    page.goto(back)
    expect(page.get_by_role("alert")).to_contain_text(refused)


def test_an_email_of_nobodys_domain_is_told_to_use_a_password(page: Page):
    page.goto("/account/sso?email=ann@nowhere.example")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("no single sign-on")
