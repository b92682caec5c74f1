"""Chromium in front of the whole mesh. Every test ends with a look at what the browser complained about."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.person import Person
from tests.support.mesh import RunningMesh

PLACES = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
# What a browser says of an answer that a test has asked for: a wrong password, a link that is over.
EXPECTED = ("the server responded with a status of 4",)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module and no longer: while it is open, no test of another kind can have an event loop."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PLACES)), None)
    assert found, "install Chromium (apt-get install chromium), or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        # The sandbox of Chromium refuses to run for root, which containers run as.
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture
def site(mesh: RunningMesh) -> str:
    """Where the pages are."""
    return mesh.info.urls["pages"].removesuffix("/account/")


@pytest.fixture
def complaints() -> list[str]:
    """What the browser has said of broken policies and scripts."""
    return []


@pytest.fixture
def page(browser: Browser, site: str, complaints: list[str]) -> Iterator[Page]:
    """A browser that nobody has used. What breaks its policy, or a script, fails the test."""

    def note(message: Any) -> None:
        if message.type == "error" and not any(words in message.text for words in EXPECTED):
            complaints.append(message.text)

    with browser.new_context(base_url=site) as context:
        opened = context.new_page()
        opened.set_default_timeout(15_000)
        opened.on("console", note)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        assert complaints == []


@pytest.fixture
def person(mesh: RunningMesh) -> Person:
    """The owner of a new organization."""
    return Person.registered(mesh)
