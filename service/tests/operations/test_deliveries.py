"""What deliveries alone have: somebody takes them."""

from typing import Any

import pytest
from books import DELIVERIES
from world import Api, pointers


@pytest.fixture
def delivery(api: Api) -> dict[str, Any]:
    return DELIVERIES.create(api, api.site())


def collect(api: Api, delivery: dict[str, Any], **request: Any) -> Any:
    return api("POST", f"/v1/deliveries/{delivery['id']}/collect", **request)


def test_who_took_it_is_kept(api: Api, delivery: dict[str, Any]) -> None:
    reply = collect(api, delivery, json={"collectorName": "Alan Turing"})

    assert (reply.status_code, reply.json()["collectorName"]) == (200, "Alan Turing")
    assert api("GET", f"/v1/deliveries/{delivery['id']}").json() == reply.json()


def test_who_comes_too_late_does_not_become_the_collector(
    api: Api, delivery: dict[str, Any]
) -> None:
    first = collect(api, delivery, json={"collectorName": "Alan Turing"}).json()
    late = collect(api, delivery, json={"collectorName": "Somebody Else"})

    assert late.status_code == 409
    assert api("GET", f"/v1/deliveries/{delivery['id']}").json() == first


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"collectorName": " "}, "/collectorName"),
        ({"collectorName": None}, "/collectorName"),
        ({"collectedBy": "Alan"}, "/collectedBy"),
    ],
    ids=str,
)
def test_400_points_at_the_bad_member_and_nothing_is_collected(
    api: Api, delivery: dict[str, Any], body: dict[str, Any], pointer: str
) -> None:
    reply = collect(api, delivery, json=body)

    assert (reply.status_code, pointers(reply)) == (400, [pointer])
    assert api("GET", f"/v1/deliveries/{delivery['id']}").json() == delivery
