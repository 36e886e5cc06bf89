"""What visitors alone have: a time at which they are expected."""

import pytest
from books import VISITORS
from world import Api, SettableClock, pointers

DAY_IN_HAMBURG = ("2026-03-02T00:00:00+01:00", "2026-03-03T00:00:00+01:00")


def expected(api: Api, **query: str) -> list[str]:
    """Answer the names of those whom a list finds, the oldest entry first."""
    reply = api("GET", "/v1/visitors", params=query)
    assert reply.status_code == 200, reply.text
    return [visitor["name"] for visitor in reply.json()["data"]][::-1]


def test_times_are_taken_with_any_offset_and_answered_in_utc(api: Api) -> None:
    visitor = VISITORS.create(api, api.site(), expectedAt="2026-03-02T00:15:00.1234567+01:00")

    assert visitor["expectedAt"] == "2026-03-01T23:15:00.123Z"


def test_who_comes_unannounced_is_expected_in_the_past_and_checked_in(api: Api) -> None:
    visitor = VISITORS.create(api, api.site(), expectedAt="2026-03-01T09:00:00Z")

    assert VISITORS.take(api, visitor, VISITORS.steps[0])["status"] == "checkedIn"


@pytest.fixture
def around_a_day(api: Api, clock: SettableClock) -> str:
    """A site with visitors just before, within and just after a day of Hamburg."""
    site = api.site()
    times = {
        "before": "2026-03-01T22:59:59.999Z",
        "first": "2026-03-01T23:00:00Z",
        "last": "2026-03-02T23:59:59.999+01:00",
        "after": "2026-03-02T23:00:00Z",
    }
    for name, time in times.items():
        clock.advance(seconds=1)
        VISITORS.create(api, site, name=name, expectedAt=time)
    return site


def test_a_day_of_any_zone_holds_its_first_moment_and_not_the_next_days(
    api: Api, around_a_day: str
) -> None:
    begin, end = DAY_IN_HAMBURG

    assert expected(api, expectedFrom=begin, expectedUntil=end) == ["first", "last"]
    assert expected(api, expectedFrom=begin) == ["first", "last", "after"]
    assert expected(api, expectedUntil=end) == ["before", "first", "last"]
    assert expected(api, expectedFrom=begin, q="l", siteId=around_a_day) == ["last"]
    assert expected(api, expectedFrom=end, expectedUntil=begin) == []


def test_pages_of_a_day_hold_each_once_even_of_the_same_moment(api: Api) -> None:
    site = api.site()
    made = {VISITORS.create(api, site)["id"] for _ in range(7)}
    query = "limit=3&expectedFrom=2026-03-02T00:00:00Z&expectedUntil=2026-03-03T00:00:00Z"

    pages = [api("GET", f"/v1/visitors?{query}").json()]
    while cursor := pages[-1]["nextCursor"]:
        pages.append(api("GET", f"/v1/visitors?{query}&cursor={cursor}").json())

    ids = [visitor["id"] for page in pages for visitor in page["data"]]
    assert (len(ids), set(ids)) == (7, made)


def test_a_cursor_of_one_day_is_none_of_another(api: Api, around_a_day: str) -> None:
    assert around_a_day
    day = "expectedFrom=2026-03-01T23:00:00Z&expectedUntil=2026-03-02T23:00:00Z"
    same_day = "expectedFrom=2026-03-02T00:00:00%2B01:00&expectedUntil=2026-03-02T23:00:00.000Z"
    other_day = "expectedFrom=2026-03-01T23:00:00Z&expectedUntil=2026-03-02T23:00:01Z"
    first = api("GET", f"/v1/visitors?limit=1&{day}").json()

    second = api("GET", f"/v1/visitors?{same_day}&cursor={first['nextCursor']}").json()
    refused = api("GET", f"/v1/visitors?{other_day}&cursor={first['nextCursor']}")

    names = [visitor["name"] for visitor in first["data"] + second["data"]]
    assert names == ["last", "first"]
    assert (refused.status_code, pointers(refused)) == (400, ["/query/cursor"])


@pytest.mark.parametrize("time", ["2026-03-02", "2026-03-02T00:00:00", "2026-02-30T00:00:00Z"])
def test_400_for_what_is_no_time_with_a_zone(api: Api, time: str) -> None:
    asked = api("GET", f"/v1/visitors?expectedFrom={time}&expectedUntil={time}")
    told = api("POST", "/v1/visitors", json=VISITORS.body(api.site(), expectedAt=time))

    assert (asked.status_code, sorted(pointers(asked))) == (
        400,
        ["/query/expectedFrom", "/query/expectedUntil"],
    )
    assert (told.status_code, pointers(told)) == (400, ["/expectedAt"])


@pytest.mark.parametrize("email", ["", "grace", "@example.com", "grace@", "a b@c", "a@b@c", "a@\n"])
def test_400_for_what_is_no_email_address(api: Api, email: str) -> None:
    reply = api("POST", "/v1/visitors", json=VISITORS.body(api.site(), email=email))

    assert (reply.status_code, pointers(reply)) == (400, ["/email"])
