"""Everybody can do everything: by keyboard, on a phone, in the dark, in another zone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accessibility import LOOKS, NARROW, violations
from browsing import ADA, EVE, LivedIn, NewContext, choose, sign_in
from playwright.sync_api import ConsoleMessage, Page, expect

Show = Callable[[Page], object]


def show_menu(page: Page) -> None:
    page.goto("keys")
    page.get_by_label("Actions for hr-sync", exact=True).click()


def show_dialog(action: str) -> Show:
    def show(page: Page) -> None:
        page.goto("keys")
        choose(page, "hr-sync", action)

    return show


def show_refused_form(page: Page) -> None:
    page.goto("keys/new")
    page.get_by_role("radio", name="Single scopes").check()
    page.get_by_role("radio", name="Chosen sites").check()
    page.get_by_role("radio", name="On a date").check()
    page.get_by_role("button", name="Generate Key").click()
    page.locator(".problem").first.wait_for()


def show_value(page: Page) -> None:
    page.goto("keys/new")
    page.get_by_label("Name").fill("for the picture")
    page.get_by_role("button", name="Generate Key").click()
    page.locator("#value").wait_for()


def show_refused_sign_in(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("sign-in")
    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator(".notice-error").wait_for()


def key_page(name: str, rest: str = "") -> Show:
    def show(page: Page) -> None:
        page.goto("keys")
        for status in ("active", "revoked"):
            page.goto(f"keys?status={status}")
            link = page.get_by_role("link", name=name, exact=True)
            if link.count():
                page.goto(str(link.get_attribute("href")) + rest)
                return
        raise LookupError(name)

    return show


def at(path: str) -> Show:
    return lambda page: page.goto(path)


STATES: dict[str, Show] = {
    "list": at("keys"),
    "list-menu": show_menu,
    "list-revoked": at("keys?status=revoked"),
    "list-nothing-found": at("keys?q=nothing"),
    "rotate-dialog": show_dialog("Rotate Key"),
    "revoke-dialog": show_dialog("Revoke Key"),
    "details": key_page("Access control"),
    "edit": key_page("Delivery lockers", "/edit"),
    "impossible": key_page("Old intranet", "/reactivate"),
    "delete": key_page("Old intranet", "/delete"),
    "new": at("keys/new"),
    "new-refused": show_refused_form,
    "value": show_value,
    "request-unknown": at("requests?id=req_nowhere"),
    "account": at("account"),
    "not-found": at("keys/key_nowhere"),
    "sign-in-refused": show_refused_sign_in,
}


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of, such as a script or a style that the policy forbids."""
    return []


@pytest.fixture
def watched(new_context: NewContext, signed_in: Any, complaints: list[str]) -> Page:
    page = new_context(storage_state=signed_in, reduced_motion="reduce").new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def test_axe_finds_nothing_on_any_page_in_any_state_by_day_by_night_and_on_a_phone(
    watched: Page, complaints: list[str], screenshots: Path
) -> None:
    found: dict[str, list[Any]] = {}
    for state, show in STATES.items():
        show(watched)
        for look, colours, size, rules in LOOKS:
            watched.set_viewport_size(size)
            watched.emulate_media(color_scheme=colours)
            picture = screenshots / f"{state}-{look}.png"
            watched.screenshot(path=picture, full_page="dialog" not in state)
            found[f"{state}, {look}"] = violations(watched, rules)
            if watched.evaluate("document.documentElement.scrollWidth") > size["width"]:
                found[f"{state}, {look}"].append("sticks out")
    assert {place: what for place, what in found.items() if what} == {}
    assert complaints == []


def test_a_keyboard_is_enough(page: Page, world: LivedIn) -> None:
    world.make("by keyboard")
    page.goto("keys")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    menu = page.get_by_label("Actions for by keyboard", exact=True)
    menu.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="View Details")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.get_by_role("link", name="View Details")).to_be_hidden()

    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Revoke by keyboard")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(menu).to_be_focused()

    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    page.get_by_role("radio", name="Not needed any more").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("by keyboard is revoked")
    assert world.named("by keyboard")[0]["revokedReason"] == "unused"


def test_a_list_that_has_become_cards_is_still_read_as_a_table(
    new_context: NewContext, signed_in: Any
) -> None:
    page = new_context(storage_state=signed_in, viewport=NARROW).new_page()
    page.goto("keys?q=hr-sync")
    row = page.get_by_role("row").filter(has_text="hr-sync")
    expect(row.get_by_role("rowheader")).to_have_count(1)
    expect(row.get_by_role("cell")).to_have_count(6)


def test_a_second_press_of_enter_rotates_nothing(page: Page) -> None:
    choose(page, "hr-sync", "Rotate Key")
    expect(page.get_by_role("dialog").get_by_role("link", name="Cancel")).to_be_focused()


def test_what_is_wrong_or_was_done_is_where_one_starts_to_read(page: Page) -> None:
    page.goto("keys/new")
    page.get_by_role("button", name="Generate Key").click()
    expect(page.get_by_label("Name")).to_be_focused()
    expect(page.get_by_label("Name")).to_have_accessible_description(re.compile("Give the key"))
    key_page("Lobby screen", "/edit")(page)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status").filter(has_text="nothing was changed")).to_be_focused()


def test_the_figures_of_the_chart_can_be_read_with_the_arrows(page: Page) -> None:
    key_page("Access control")(page)
    bars = page.locator(".chart-bar")
    bars.last.focus()
    page.keyboard.press("ArrowLeft")
    told = bars.nth(28)
    expect(told).to_be_focused()
    expect(told.locator(".chart-told")).to_be_visible()
    expect(told).to_have_accessible_name(str(told.locator(".chart-told").text_content()))
    page.keyboard.press("Home")
    expect(bars.first).to_be_focused()


def test_search_narrows_the_list_while_one_types_and_back_undoes_it(page: Page) -> None:
    rows = page.locator("table.keys tbody tr")
    expect(rows.filter(has_text="Terraform")).to_have_count(1)
    page.get_by_label("Search by name").fill("lobby")
    expect(rows).to_have_count(1)
    expect(page.locator("#found")).to_have_text("1 active key found")
    expect(page.get_by_role("link", name="Revoked 0")).to_be_visible()
    assert "q=lobby" in page.url
    expect(page.get_by_label("Search by name")).to_be_focused()

    page.get_by_label("Search by name").fill("")
    page.get_by_label("Site").select_option("Vienna branch")
    expect(rows.filter(has_text="Lobby screen")).to_have_count(0)
    page.get_by_role("link", name="Revoked").click()
    expect(rows.filter(has_text="Old intranet")).to_have_count(1)
    page.go_back()
    expect(rows.filter(has_text="Terraform")).to_have_count(1)


def test_times_are_those_of_the_reader(new_context: NewContext, signed_in: Any) -> None:
    def created(**options: Any) -> tuple[str, str]:
        page = new_context(storage_state=signed_in, locale="en-GB", **options).new_page()
        key_page("Access control")(page)
        time = page.locator("#trail time").last
        return str(time.text_content()), str(time.get_attribute("title"))

    utc, _ = created(java_script_enabled=False)
    auckland, told = created(timezone_id="Pacific/Auckland")
    assert utc.endswith(" UTC")
    assert told == utc
    assert auckland[-5:] != utc[-9:-4]
    assert "UTC" not in auckland


def test_an_expiry_is_set_in_utc_and_told_in_the_readers_zone(
    new_context: NewContext, signed_in: Any
) -> None:
    berlin = {"locale": "en-GB", "timezone_id": "Europe/Berlin"}
    page = new_context(storage_state=signed_in, **berlin).new_page()
    page.goto("keys/new")
    page.get_by_role("radio", name="On a date").check()
    page.get_by_label("in UTC").fill("2027-07-01T22:30")
    expect(page.locator("[data-utc-hint]")).to_contain_text("2 Jul 2027, 00:30:00 CEST")


def test_nothing_moves_for_those_who_ask_for_that(new_context: NewContext, signed_in: Any) -> None:
    page = new_context(storage_state=signed_in, reduced_motion="reduce").new_page()
    page.goto("keys")
    choose(page, "hr-sync", "Rotate Key")
    moving = """[...document.querySelectorAll("*")].filter((each) => {
      const style = getComputedStyle(each);
      return style.animationName !== "none" || style.transitionDuration !== "0s";
    }).length"""
    assert page.evaluate(moving) == 0


def test_another_organisations_admin_meets_nothing_of_this_one(
    new_context: NewContext, world: LivedIn
) -> None:
    page = sign_in(new_context().new_page(), EVE)
    assert page.locator("table.keys tbody tr").count() == 1
    mine = world.named("hr-sync")[0]["id"]
    for action in ("", "/rotate", "/edit", "/delete"):
        reply = page.goto(f"keys/{mine}{action}")
        assert reply is not None
        assert reply.status == 404
        assert "hr-sync" not in page.content()
