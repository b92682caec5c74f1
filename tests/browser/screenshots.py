"""`make screenshots`: every hosted page as a picture, in light and dark, wide and on a telephone."""

import os
import shutil
import tempfile
import uuid
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import PLACES
from tests.browser.person import App, Person, give_authenticator, link_in_mail
from tests.support.mesh import RunningMesh

OUT = Path(__file__).parents[2] / ".local" / "screenshots"
WIDTHS = (1280, 390)
HEIGHT = 800


class Camera:
    """Keeps what a page shows, and says where it is wider than the screen."""

    def __init__(self, page: Page) -> None:
        self.page, self.too_wide = page, list[str]()

    def keep(self, name: str) -> None:
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": HEIGHT})
                self.page.screenshot(path=OUT / f"{name}-{scheme}-{width}.png", full_page=True)
                if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    self.too_wide.append(f"{name} at {width}")


def walk(page: Page, camera: Camera, mesh: RunningMesh) -> None:
    """Every page once."""
    person = Person.registered(mesh)
    person.api.confirmed(mesh.info.urls["mail"])
    page.goto("/account/sign-in")
    camera.keep("sign-in")
    person.fill(page, "wrong")
    camera.keep("sign-in-wrong")
    _links(page, camera, person)
    page.goto(f"/account/sso?email=somebody@{mesh.info.login.email.partition('@')[2]}")
    camera.keep("sso")
    page.get_by_role("button", name="Continue").click()
    camera.keep("sso-consent")
    _signed_in(page, camera, person)
    page.goto("/account/nothing")
    camera.keep("nothing-there")


def _links(page: Page, camera: Camera, person: Person) -> None:
    email = f"{uuid.uuid4()}@example.com"
    invited = {"email": email, "roles": ["ROLE_VIEWER"]}
    person.api.post("/v1/invitations", invited).raise_for_status()
    page.goto(link_in_mail(person.mesh, email, "invitation"))
    camera.keep("invitation")
    page.goto("/account/forgot")
    camera.keep("forgot")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_role("button", name="Send the link").click()
    camera.keep("link-sent")
    page.goto(person.link("reset"))
    camera.keep("reset")
    page.goto(person.link("verify"))
    camera.keep("verify")
    page.get_by_role("button", name="Confirm").click()
    camera.keep("link-over")


def _signed_in(page: Page, camera: Camera, person: Person) -> None:
    person.sign_in(page)
    camera.keep("home")
    page.goto("/account/password")
    camera.keep("password")
    page.goto("/account/step-up")
    camera.keep("step-up")
    page.goto("/account/security")
    camera.keep("security")
    page.get_by_role("button", name="Add an authenticator app").click()
    camera.keep("app")
    app = App.scanned(page)
    page.get_by_label("The six digits").fill(app.code())
    page.get_by_role("button", name="Confirm").click()
    camera.keep("recovery-codes")
    give_authenticator(page)
    page.goto("/account/security")
    page.get_by_role("button", name="Add a passkey").click()
    camera.keep("passkey")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    camera.keep("security-with-factors")
    page.goto("/account/")
    page.get_by_role("button", name="Sign out").click()
    person.fill(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    camera.keep("second-factor")


def main() -> None:
    """Prints where the pictures are; fails when a page is wider than the screen."""
    OUT.mkdir(parents=True, exist_ok=True)
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PLACES)))
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningMesh(Path(folder)) as mesh,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(base_url=mesh.info.urls["pages"].removesuffix("/account/"))
        camera = Camera(page)
        walk(page, camera, mesh)
        browser.close()
    print(f"{len(list(OUT.glob('*.png')))} pictures in {OUT}")
    if camera.too_wide:
        raise SystemExit(f"wider than the screen: {', '.join(camera.too_wide)}")


if __name__ == "__main__":
    main()
