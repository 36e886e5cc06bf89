"""Each action end to end: what a person does in a browser, and what the API then says."""

from typing import Any

from browsing import ADA, VALUE, LivedIn, NewContext, choose, shown_value, sign_in
from playwright.sync_api import Dialog, Locator, Page, Route, expect
from visitors import PASSWORD


def create(page: Page, name: str) -> None:
    """Fill in the form of a new key."""
    page.get_by_role("link", name="Create API Key").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name="Read & write").check()


def whole_life_of_a_key(page: Page, world: LivedIn, name: str) -> None:
    """Create, use, edit, rotate, revoke, reactivate and delete a key."""
    create(page, name)
    page.get_by_role("button", name="Generate Key").click()
    value = shown_value(page)
    assert world.verdict(value) == "OK"
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)

    page.get_by_role("link", name="Edit Key").first.click()
    page.get_by_label("Name").fill(f"{name} 2")
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("status")).to_contain_text("is saved")

    page.get_by_role("link", name="API", exact=True).click()
    choose(page, f"{name} 2", "Rotate Key")
    page.get_by_role("button", name="Rotate Key").click()
    rotated = shown_value(page)
    assert (world.verdict(value), world.verdict(rotated)) == ("API_KEY_ROTATED", "OK")
    page.get_by_role("link", name="I have stored it").click()

    page.get_by_role("link", name="API", exact=True).click()
    choose(page, f"{name} 2", "Revoke Key")
    page.get_by_role("radio", name="For a while").check()
    page.get_by_role("button", name="Revoke Key").click()
    expect(page.get_by_role("status")).to_contain_text("is revoked")
    assert world.verdict(rotated) == "API_KEY_REVOKED"

    page.get_by_role("link", name="Reactivate").first.click()
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_role("status")).to_contain_text("works again")
    assert world.verdict(rotated) == "OK"

    (key,) = world.named(f"{name} 2")
    world.api("POST", f"/v1/api-keys/{key['id']}/revoke")
    page.goto("keys?status=revoked")
    choose(page, f"{name} 2", "Delete Key")
    page.get_by_label("to confirm").fill(f"{name} 2")
    page.get_by_role("button", name="Delete Key").click()
    expect(page.get_by_role("status").filter(has_text="is deleted")).to_be_visible()
    assert world.verdict(rotated) == "API_KEY_INVALID"


def test_a_key_lives_and_dies_by_the_mouse(page: Page, world: LivedIn) -> None:
    whole_life_of_a_key(page, world, "by mouse")


def test_a_key_lives_and_dies_without_scripts(
    new_context: NewContext, signed_in: Any, world: LivedIn
) -> None:
    page = new_context(storage_state=signed_in, java_script_enabled=False).new_page()
    page.goto("keys")
    whole_life_of_a_key(page, world, "without scripts")

    create(page, "copied by hand")
    page.get_by_role("button", name="Generate Key").click()
    shown_value(page)
    expect(page.locator("[data-copy]")).to_be_hidden()


def test_a_key_lives_and_dies_on_a_phone(
    new_context: NewContext, signed_in: Any, world: LivedIn
) -> None:
    phone = {"viewport": {"width": 360, "height": 700}, "has_touch": True, "is_mobile": True}
    page = new_context(storage_state=signed_in, **phone).new_page()
    page.goto("keys")
    whole_life_of_a_key(page, world, "on a phone")


def test_a_value_is_copied_with_a_click_and_leaving_without_that_asks(
    new_context: NewContext, signed_in: Any
) -> None:
    context = new_context(storage_state=signed_in)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("keys")
    create(page, "copied")
    page.get_by_role("button", name="Generate Key").click()
    value = shown_value(page)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("link", name="Keyfob").click()
    expect(page.locator("#value")).to_have_text(value)
    assert asked == ["beforeunload"]

    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == value
    page.get_by_role("link", name="Keyfob").click()
    page.wait_for_url("**/dashboard/keys")
    assert asked == ["beforeunload"]


def test_nothing_brings_a_value_back(page: Page, world: LivedIn) -> None:
    create(page, "seen once")
    page.get_by_role("button", name="Generate Key").click()
    value = shown_value(page)
    (key,) = world.named("seen once")
    page.on("dialog", lambda dialog: dialog.accept())
    kept = "JSON.stringify([localStorage, sessionStorage, history.state, location.href, name])"
    assert value not in page.evaluate(kept)
    assert value not in str(page.context.cookies())

    seen: list[str] = []
    page.reload()
    seen.append(page.content())
    assert page.url.endswith(f"/keys/{key['id']}")
    page.goto("keys")
    for step in (page.go_back, page.go_back, page.go_forward, page.go_forward):
        step()
        seen.append(page.content() + page.evaluate(kept))
    assert not any(VALUE.search(each) for each in seen)
    assert len(world.named("seen once")) == 1


def value_after_many_clicks(page: Page, button: Locator) -> str:
    """Click again and again, all before the first click is answered; answer the value shown."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    page.route("**/*", hold)
    with page.expect_request(lambda request: request.method == "POST"):
        page.mouse.click(box["x"] + 9, box["y"] + 9)
    for _ in range(3):
        page.mouse.click(box["x"] + 9, box["y"] + 9)
    held[0].continue_()
    value = shown_value(page)
    assert len(held) == 1
    page.unroute_all()
    return value


def test_a_double_click_makes_one_key_and_rotates_once(page: Page, world: LivedIn) -> None:
    create(page, "clicked twice")
    value = value_after_many_clicks(page, page.get_by_role("button", name="Generate Key"))
    assert len(world.named("clicked twice")) == 1
    assert world.verdict(value) == "OK"
    page.get_by_role("link", name="I have stored it").click()

    page.get_by_role("link", name="Rotate Key").first.click()
    dialog = page.get_by_role("dialog")
    rotated = value_after_many_clicks(page, dialog.get_by_role("button", name="Rotate Key"))
    assert world.verdict(rotated) == "OK"
    assert world.named("clicked twice")[0]["secretVersion"] == 2


def test_a_session_that_ends_in_the_middle_of_a_rotation_leads_back_to_it(
    new_context: NewContext, world: LivedIn
) -> None:
    key = world.make("interrupted")
    page = sign_in(new_context().new_page())
    choose(page, "interrupted", "Rotate Key")
    world.age_newest_session("seen_at", 1800)
    page.get_by_role("button", name="Rotate Key").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was changed")
    assert world.verdict(key["key"]) == "OK"

    page.get_by_label("E-mail").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Rotate Key").click()
    assert world.verdict(shown_value(page)) == "OK"
    assert world.verdict(key["key"]) == "API_KEY_ROTATED"


def test_the_password_is_asked_for_where_the_action_is(
    new_context: NewContext, world: LivedIn
) -> None:
    key = world.make("guarded")
    page = sign_in(new_context().new_page())
    world.age_newest_session("proven_at", 900)
    choose(page, "guarded", "Rotate Key")
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Rotate Key").click()
    expect(page.locator("#password-problem")).to_contain_text("not your password")
    assert world.verdict(key["key"]) == "OK"
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Rotate Key").click()
    assert world.verdict(shown_value(page)) == "OK"


def test_signing_out_in_one_tab_signs_out_in_the_other(new_context: NewContext) -> None:
    context = new_context()
    page, other = sign_in(context.new_page()), context.new_page()
    other.goto("keys")
    page.get_by_text(ADA).first.click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out")
    other.get_by_label("Actions for hr-sync", exact=True).click()
    other.locator("details[open]").get_by_role("link", name="Rotate Key").click()
    expect(other.get_by_role("heading", name="Sign in to Keyfob")).to_be_visible()


def test_what_somebody_else_has_deleted_meanwhile_is_told_as_gone(
    page: Page, world: LivedIn
) -> None:
    key = world.make("deleted elsewhere")
    page.reload()
    world.api("POST", f"/v1/api-keys/{key['id']}/revoke")
    world.api("DELETE", f"/v1/api-keys/{key['id']}")
    page.get_by_label("Actions for deleted elsewhere", exact=True).click()
    page.locator("details.menu[open]").get_by_role("link", name="Rotate Key").click()
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_a_link_with_a_dialog_opens_in_a_new_tab_for_those_who_want_that(page: Page) -> None:
    page.get_by_label("Actions for hr-sync", exact=True).click()
    with page.context.expect_page() as opened:
        page.locator("details.menu[open]").get_by_role("link", name="Rotate Key").click(
            modifiers=["ControlOrMeta"]
        )
    expect(opened.value.get_by_role("heading", name="Rotate hr-sync")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
