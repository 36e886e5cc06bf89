"""The documentation in a browser: by eye, by keyboard, on a phone, without scripts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accessibility import LOOKS, NARROW, violations
from browsing import VALUE, LivedIn, NewContext
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from keyfob.docs.guides import GUIDES

THOROUGHLY = {"getting-started", "errors"}
"""The guides with all that there is: steps, examples, a table. The others are made of these."""


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of, and whatever it asks of another host."""
    return []


@pytest.fixture
def reader(new_context: NewContext, world: LivedIn, complaints: list[str]) -> Iterator[Page]:
    """Somebody who has not signed in."""
    page = new_context(reduced_motion="reduce").new_page()

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def note_request(request: Request) -> None:
        if not request.url.startswith((world.server.url, "data:")):
            complaints.append(request.url)

    page.on("console", note_message)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", note_request)
    yield page
    assert complaints == []


def show_reference(page: Page) -> None:
    page.goto("/docs")
    page.locator(".opblock").first.wait_for()


def test_axe_finds_nothing_in_the_guides_and_nothing_sticks_out(
    reader: Page, screenshots: Path
) -> None:
    found: dict[str, list[Any]] = {}
    for guide in GUIDES:
        reader.goto(f"/docs/{guide.name}")
        for look, colours, size, rules in LOOKS if guide.name in THOROUGHLY else LOOKS[:1]:
            reader.set_viewport_size(size)
            reader.emulate_media(color_scheme=colours)
            reader.screenshot(path=screenshots / f"docs-{guide.name}-{look}.png", full_page=True)
            found[f"{guide.name}, {look}"] = violations(reader, rules)
        reader.set_viewport_size(NARROW)
        if reader.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            found[f"{guide.name}, narrow"] = ["sticks out"]
    assert {place: what for place, what in found.items() if what} == {}


def test_axe_finds_nothing_in_the_reference_while_an_operation_is_tried(
    reader: Page, complaints: list[str], screenshots: Path
) -> None:
    reader.goto("/docs#/API%20keys/createApiKey")
    reader.get_by_role("button", name="Try it out").click()
    reader.get_by_role("button", name="Execute").click()
    expect(reader.locator(".live-responses-table")).to_contain_text("API_KEY_MISSING")
    complaints.clear()  # of the 401
    found: dict[str, list[Any]] = {}
    for look, colours, size, rules in LOOKS[:2]:  # the third would take as long as both
        reader.set_viewport_size(size)
        reader.emulate_media(color_scheme=colours)
        reader.screenshot(path=screenshots / f"docs-reference-{look}.png")
        found[look] = violations(reader, rules)
    assert found == {"light": [], "dark": []}
    reader.set_viewport_size(NARROW)
    reader.screenshot(path=screenshots / "docs-reference-phone.png")
    assert reader.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_an_operation_is_tried_by_keyboard_with_a_key_that_is_kept_nowhere(
    reader: Page, world: LivedIn
) -> None:
    key = world.make("tried in the reference")
    show_reference(reader)
    reader.get_by_label("Your API key").fill(key["key"])
    reader.get_by_role("link", name="View the key that is calling").focus()
    reader.keyboard.press("Enter")
    operation = reader.locator("[id$='-getCurrentApiKey']")
    expect(operation.locator(".opblock-summary-control")).to_be_focused()
    for name in ("Try it out", "Execute"):
        operation.get_by_role("button", name=name).focus()
        reader.keyboard.press("Enter")
    expect(operation.locator(".live-responses-table")).to_contain_text(key["id"])
    expect(operation.locator(".curl")).to_contain_text("X-API-Key: kfb_…")
    assert not VALUE.search(reader.content())

    kept = "JSON.stringify([localStorage, sessionStorage, location.href, document.cookie])"
    assert not VALUE.search(reader.evaluate(kept))
    reader.reload()
    reader.locator(".opblock").first.wait_for()
    assert reader.get_by_label("Your API key").input_value() == ""


def test_fields_that_nobody_filled_in_hold_no_example(reader: Page, world: LivedIn) -> None:
    key = world.make("reads visitors")
    show_reference(reader)
    reader.get_by_label("Your API key").fill(key["key"])
    reader.get_by_role("link", name="List visitors").click()
    operation = reader.locator("[id$='-listVisitors']")
    operation.get_by_role("button", name="Try it out").click()
    with reader.expect_response("**/v1/visitors**") as caught:
        operation.get_by_role("button", name="Execute").click()
    assert caught.value.status == 200
    assert caught.value.url == f"{world.server.url}/v1/visitors?limit=50"


def test_everything_but_trying_works_without_scripts(
    new_context: NewContext, world: LivedIn
) -> None:
    page = new_context(java_script_enabled=False, viewport=NARROW).new_page()
    page.goto("/dashboard/sign-in")
    page.get_by_role("link", name="API documentation").click()
    listed = page.get_by_role("region", name="Operations")
    expect(listed.get_by_text("Pre-register a visitor")).to_be_visible()
    expect(page.get_by_label("Your API key")).to_be_hidden()
    expect(page.get_by_text("is being loaded")).to_be_hidden()
    expect(page.get_by_role("link", name="openapi.yaml").first).to_be_visible()
    page.get_by_role("link", name="Errors").click()
    expect(page.get_by_role("row", name="API_KEY_ROTATED")).to_be_visible()
    assert world.server.get("/openapi.yaml").is_success


def test_an_example_is_copied_with_a_click(new_context: NewContext) -> None:
    context = new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/docs/authentication")
    page.get_by_role("button", name="Copy curl: bearer.sh").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith('curl -sS -H "Authorization: Bearer $KEYFOB_KEY"')
