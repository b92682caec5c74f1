"""What a person does at the pages, and the things that a person has: a mail box, an app, a finger."""

import base64
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx
from playwright.sync_api import Page, expect

from auth_service.factors import totp
from tests.support.client import PASSWORD, WebClient
from tests.support.mesh import RunningMesh

_LINK = re.compile(r"https?://\S+/account/(\w+)\?token=\S+")


@dataclass
class Person:
    """Of one organization; `api` is the same person by REST."""

    mesh: RunningMesh
    email: str
    api: WebClient
    password: str = field(default=PASSWORD, repr=False)

    @classmethod
    def registered(cls, mesh: RunningMesh) -> "Person":
        api = WebClient.register(mesh.info.rest)
        return cls(mesh, api.get("/v1/me").raise_for_status().json()["email"], api)

    def fill(self, page: Page, password: str = "") -> None:
        """The form of the sign-in, and sends it."""
        page.goto("/account/sign-in")
        page.get_by_label("E-mail").fill(self.email)
        page.get_by_label("Password").fill(password or self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_in(self, page: Page) -> None:
        self.fill(page)
        expect(page.get_by_role("heading", name="Sessions")).to_be_visible()

    def link(self, name: str) -> str:
        """The newest link to this page that has come by mail."""
        return link_in_mail(self.mesh, self.email, name)


def link_in_mail(mesh: RunningMesh, email: str, name: str) -> str:
    """Waits for it."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        url = f"{mesh.info.urls['mail']}/mails.json"
        letters = httpx.get(url, params={"to": email}, trust_env=False).json()
        found = [link for letter in letters for link in _LINK.finditer(letter["text"]) if link[1] == name]
        if found:
            return found[0][0]
        time.sleep(0.05)
    raise TimeoutError(f"no link to {name} came for {email}")


@dataclass
class App:
    """An authenticator app. Each code works once, so it shows the next one each time."""

    secret: bytes = field(repr=False)
    used: int = 0

    @classmethod
    def scanned(cls, page: Page) -> "App":
        """From what the QR code of the page says, which stands beside it."""
        uri = page.locator("input[name=uri]").get_attribute("value") or ""
        letters = parse_qs(urlsplit(uri).query)["secret"][0]
        return cls(base64.b32decode(letters + "=" * (-len(letters) % 8)))

    def code(self) -> str:
        self.used = max(self.used + 1, totp.step_at(time.time()) - 1)
        return totp.code(self.secret, self.used)


def give_authenticator(page: Page) -> str:
    """A device with a finger that is always there; its id, to take it away again."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(made["authenticatorId"])
