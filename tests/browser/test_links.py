"""What links of mails lead to: a reset, a confirmation, an invitation. And changing the password by hand."""

import uuid

from playwright.sync_api import Page, expect

from tests.browser.person import Person, link_in_mail

NEW = "a lake of seven quiet herons"


def test_a_forgotten_password_is_set_anew(page: Page, person: Person):
    page.goto("/account/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Send the link").click()
    said = page.get_by_text("If there is an account for that e-mail")
    expect(said).to_be_visible()
    link = person.link("reset")
    page.goto(link)
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Sign in with your new password")).to_be_visible()
    person.password = NEW
    person.sign_in(page)
    page.goto(link)
    page.get_by_label("New password").fill("another lake of herons 8")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("alert")).to_contain_text("does not work any more")
    page.goto("/account/forgot")
    page.get_by_label("E-mail").fill("nobody@nowhere.example")
    page.get_by_role("button", name="Send the link").click()
    expect(said).to_be_visible()


def test_an_email_is_confirmed_by_a_click_and_not_by_opening(page: Page, person: Person):
    link = person.link("verify")
    page.goto(link)
    assert person.api.get("/v1/me").json()["email_verified"] is False
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your e-mail is confirmed")).to_be_visible()
    assert person.api.get("/v1/me").json()["email_verified"] is True


def test_an_invitation_makes_a_member_with_a_new_password(page: Page, person: Person):
    person.api.confirmed(person.mesh.info.urls["mail"])
    email = f"{uuid.uuid4()}@example.com"
    invited = {"email": email, "roles": ["ROLE_VIEWER"]}
    person.api.post("/v1/invitations", invited).raise_for_status()
    link = link_in_mail(person.mesh, email, "invitation")
    page.goto(link)
    expect(page.get_by_text(email)).to_be_visible()
    page.get_by_label("Your name").fill("Ann <b>Archer</b>")
    page.get_by_label("Choose a password").fill("short")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Your name")).to_have_value("Ann <b>Archer</b>")
    page.get_by_label("Choose a password").fill(NEW)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Ann <b>Archer</b>")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="This link is over")).to_be_visible()


def test_who_has_an_account_joins_with_its_password_and_switches(page: Page, person: Person):
    other = Person.registered(person.mesh)
    person.api.confirmed(person.mesh.info.urls["mail"])
    person.api.post("/v1/invitations", {"email": other.email, "roles": ["ROLE_VIEWER"]}).raise_for_status()
    page.goto(other.link("invitation"))
    page.get_by_label("Password", exact=True).fill(other.password)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    before = page.locator("dt", has_text="Organization").all_inner_texts()
    page.get_by_role("button", name="Go there").click()
    expect(page.locator("dt", has_text="Organization").first).not_to_have_text(before[0])
    expect(page.get_by_role("button", name="Go there")).to_be_visible()


def test_a_password_is_changed_in_a_session(page: Page, person: Person):
    person.sign_in(page)
    page.goto("/account/password")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status")).to_contain_text("Your password was changed")
    person.password = NEW
    person.sign_in(page)
