"""A real browser before a real server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import ADA, EVE, LivedIn, NewContext, sign_in
from lived_in import lived_in
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from processes import Operator
from visitors import PASSWORD

REPOSITORY = Path(__file__).parents[4]
PATIENCE_MS = 10_000
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def screenshots() -> Path:
    """Where pictures are left for people to look at."""
    folder = Path(os.environ.get("SCREENSHOTS", REPOSITORY / "dist" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# For a file and no longer: Playwright keeps an event loop running in this thread.
@pytest.fixture(scope="module")
def browser(program: Callable[[str], str]) -> Iterator[Browser]:
    executable = program("browser")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    assert browser.is_connected()
    operator = Operator(tmp_path_factory.mktemp("dashboard"))
    value = lived_in(operator.database, admin_email=ADA, stranger_email=EVE, password=PASSWORD)
    with operator.serving(KEYFOB_SIGN_INS_PER_MINUTE="1000000") as server:
        yield LivedIn(server, operator.database, value)


@pytest.fixture(scope="module")
def signed_in(browser: Browser, world: LivedIn) -> Any:
    """The cookies of a browser in which Ada has signed in."""
    context = browser.new_context(base_url=f"{world.server.url}/dashboard/")
    sign_in(context.new_page())
    cookies = context.storage_state()
    context.close()
    return cookies


@pytest.fixture
def new_context(browser: Browser, world: LivedIn) -> Iterator[NewContext]:
    """Opens browsers that know nothing of each other."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=f"{world.server.url}/dashboard/", **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context: NewContext, signed_in: Any) -> Page:
    """A browser in which Ada has signed in."""
    opened = new_context(storage_state=signed_in).new_page()
    opened.goto("keys")
    return opened
