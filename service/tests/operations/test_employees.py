"""What employees alone have: they come and go again and again."""

import pytest
from books import EMPLOYEES
from world import Api, SettableClock, pointers


def test_employee_comes_and_goes_again_and_again(api: Api, clock: SettableClock) -> None:
    check_in, check_out = EMPLOYEES.steps
    employee = EMPLOYEES.take(api, EMPLOYEES.create(api, api.site()), check_in, check_out)
    clock.advance(days=1)

    again = EMPLOYEES.take(api, employee, check_in)

    assert again["status"] == "checkedIn"
    assert again["lastCheckedInAt"] == "2026-03-02T09:30:00.000Z"
    assert again["lastCheckedOutAt"] == "2026-03-01T09:30:00.000Z"
    assert EMPLOYEES.take(api, again, check_out)["lastCheckedOutAt"] == "2026-03-02T09:30:00.000Z"


def test_email_addresses_may_repeat(api: Api) -> None:
    site = api.site()

    assert EMPLOYEES.create(api, site)["id"] != EMPLOYEES.create(api, site)["id"]


@pytest.mark.parametrize("email", [None, "", "ada", "a@" + "b" * 253])
def test_400_for_what_is_no_email_address(api: Api, email: str | None) -> None:
    reply = api("POST", "/v1/employees", json=EMPLOYEES.body(api.site(), email=email))

    assert (reply.status_code, pointers(reply)) == (400, ["/email"])
