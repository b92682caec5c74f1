"""Signing in at the pages: by password, with an app, by a passkey, and what a wrong one says."""

import re

from playwright.sync_api import Page, expect

from tests.browser.person import App, Person, give_authenticator

HOME = re.compile(r"/account/$")


def enrol_app(page: Page) -> tuple[App, list[str]]:
    """The app, and the recovery codes that come with a first factor."""
    page.goto("/account/security")
    page.get_by_role("button", name="Add an authenticator app").click()
    app = App.scanned(page)
    page.get_by_label("The six digits").fill(app.code())
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator(".codes li")
    expect(codes).to_have_count(10)
    return app, codes.all_inner_texts()


def sign_out(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_password_signs_in_and_a_wrong_one_does_not(page: Page, person: Person):
    person.fill(page, "not this one")
    expect(page.get_by_role("alert")).to_have_text("The e-mail or the password is wrong.")
    expect(page.get_by_label("E-mail")).to_have_value(person.email)
    assert page.context.cookies()[0]["name"] == "__Host-bloom-visit"
    person.sign_in(page)
    expect(page).to_have_url(HOME)
    expect(page.get_by_text(person.email)).to_be_visible()
    expect(page.get_by_text("Chrome on Linux")).to_be_visible()
    sign_out(page)
    assert page.context.cookies()[0]["name"] == "__Host-bloom-visit"
    page.goto("/account/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_app_is_added_and_asked_for(page: Page, person: Person):
    person.sign_in(page)
    app, codes = enrol_app(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of them are left")).to_be_visible()
    sign_out(page)
    person.fill(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(HOME)
    sign_out(page)
    person.fill(page)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Continue").click()
    expect(page).to_have_url(HOME)
    page.goto("/account/security")
    expect(page.get_by_text("9 of them are left")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone(page: Page, person: Person):
    person.sign_in(page)
    give_authenticator(page)
    page.goto("/account/security")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Name it").fill("This very laptop")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(HOME)
    page.goto("/account/security")
    expect(page.get_by_text("This very laptop")).to_be_visible()
    # Once more as the second factor of a password, and to step up.
    sign_out(page)
    person.fill(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(HOME)
    page.goto("/account/step-up?next=/account/security")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Second factors")).to_be_visible()


def test_a_passkey_that_is_not_there_says_so(page: Page):
    page.goto("/account/sign-in")
    give_authenticator(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("That did not work, or it was cancelled.")).to_be_visible()


def test_without_a_script_a_password_and_a_code_still_sign_in(browser, site: str, person: Person):
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        person.sign_in(page)
        app, _ = enrol_app(page)
        sign_out(page)
        person.fill(page)
        page.get_by_label("Code").fill(app.code())
        page.get_by_role("button", name="Continue").click()
        expect(page).to_have_url(HOME)


def test_one_arrives_where_one_wanted_to_be_and_nowhere_else(page: Page, person: Person):
    page.goto("/account/password")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Change your password")).to_be_visible()
    for elsewhere in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        sign_out(page)
        page.goto(f"/account/sign-in?next={elsewhere}")
        page.get_by_label("E-mail").fill(person.email)
        page.get_by_label("Password").fill(person.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page).to_have_url(HOME)
