"""Scripted replies: what the next requests meet, and then it is over."""

from typing import Any

import httpx
import pytest
from mocks import VISITOR, Mock
from world import code, pointers

BUSY = {"status": 429, "retryAfter": 2}
LIST = "/v1/visitors"


def statuses(mock: Mock, times: int, path: str = LIST) -> list[int]:
    return [mock("GET", path).status_code for _ in range(times)]


def names(mock: Mock) -> list[str]:
    """Answer the names of the latest visitors."""
    return [visitor["name"] for visitor in mock("GET", f"{LIST}?limit=5").json()["data"]]


def test_429_twice_and_then_normal(mock: Mock) -> None:
    mock.script({"times": 2, **BUSY})

    replies = [mock("GET", LIST) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [429, 429, 200]
    for refused in replies[:2]:
        assert code(refused) == "RATE_LIMITED"
        assert refused.headers["Retry-After"] == "2"
        assert refused.headers["RateLimit"] == '"key";r=0;t=2'
        assert refused.json()["error"]["requestId"] == refused.headers["X-Request-Id"]


@pytest.mark.parametrize("status", [429, 503])
def test_who_says_no_retry_after_is_told_a_short_one(mock: Mock, status: int) -> None:
    mock.script({"status": status})

    assert mock("GET", "/v1/visitors").headers["Retry-After"] == "1"


def test_list_is_a_script_in_order(mock: Mock) -> None:
    mock.script({"status": 503, "retryAfter": 1}, {"delayMs": 0, "times": 2}, {"status": 500})

    assert statuses(mock, 5) == [503, 200, 200, 500, 200]


def test_what_is_scripted_later_comes_later(mock: Mock) -> None:
    mock.script({"status": 503})
    mock.script({"status": 500})

    assert statuses(mock, 3) == [503, 500, 200]


def test_step_waits_for_its_operation_and_for_one_that_documents_its_status(mock: Mock) -> None:
    mock.script({"operationId": "createVisitor", "status": 500}, {"status": 412})

    assert statuses(mock, 2) == [200, 200]
    assert mock("POST", LIST, json=VISITOR).status_code == 500
    assert mock("POST", LIST, json=VISITOR).status_code == 201
    assert mock("PATCH", "/v1/api-keys/any", json={}).status_code == 412


def test_health_checks_use_no_step_up_unless_they_are_meant(mock: Mock) -> None:
    mock.script({"status": 500}, {"operationId": "getReadiness", "status": 503})

    assert [mock("GET", "/healthz", key=None).status_code for _ in range(2)] == [200, 200]
    assert statuses(mock, 2, "/readyz") == [503, 200]
    assert statuses(mock, 2) == [500, 200]


def test_refused_request_changes_nothing_and_dropped_one_is_carried_out(mock: Mock) -> None:
    mock.script({"operationId": "createVisitor", "status": 500})
    mock("POST", LIST, json={**VISITOR, "name": "Refused"})
    mock.script({"operationId": "createVisitor", "drop": True})
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
        mock("POST", LIST, json={**VISITOR, "name": "Carried out"})

    assert "Refused" not in names(mock)
    assert "Carried out" in names(mock)


def test_client_that_repeats_a_lost_creation_with_its_idempotency_key_makes_one_visitor(
    mock: Mock,
) -> None:
    once = {"Idempotency-Key": "grace-1"}
    mock.script({"drop": True})
    with pytest.raises(httpx.RemoteProtocolError):
        mock("POST", LIST, json=VISITOR, headers=once)

    created = mock("POST", LIST, json=VISITOR, headers=once)

    assert created.status_code == 201
    assert names(mock).count("Grace Hopper") == 1


def test_late_reply_comes_late_and_is_the_services_own(mock: Mock) -> None:
    mock.script({"delayMs": 400})

    late, soon = mock("GET", LIST), mock("GET", LIST)

    assert (late.status_code, soon.status_code) == (200, 200)
    assert late.elapsed.total_seconds() >= 0.4
    late_entry, soon_entry = mock.journal()
    assert (late_entry["delayMs"], late_entry["scripted"]) == (400, True)
    assert (soon_entry["delayMs"], soon_entry["scripted"]) == (0, False)


def test_client_that_does_not_wait_is_noted_and_nobody_is_held_up(mock: Mock) -> None:
    mock.script({"delayMs": 60_000})
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{mock.url}{LIST}", timeout=0.3)

    assert statuses(mock, 1) == [200]
    assert [entry["outcome"] for entry in mock.journal()] == ["abandoned", "answered"]


def test_preference_goes_before_the_script_and_does_not_use_it_up(mock: Mock) -> None:
    mock.script(BUSY)

    assert mock("GET", LIST, headers={"Prefer": "code=404, example=x"}).status_code == 400
    assert mock("GET", LIST, headers={"Prefer": "code=403"}).status_code == 403
    assert statuses(mock, 2) == [429, 200]


def test_what_is_still_to_come_is_told_and_can_be_forgotten(mock: Mock) -> None:
    mock.script({"times": 2, **BUSY}, {"operationId": "getVisitor", "drop": True}, {"delayMs": 0})
    statuses(mock, 1)

    assert mock.control("GET", "failures")["data"] == [
        {"times": 1, **BUSY},
        {"times": 1, "operationId": "getVisitor", "drop": True},
        {"times": 1, "delayMs": 0},
    ]
    mock.control("DELETE", "failures")
    assert mock.control("GET", "failures")["data"] == []
    assert statuses(mock, 1) == [200]


def test_example_of_the_status_can_be_chosen(mock: Mock) -> None:
    mock.script({"status": 401, "example": "revoked"})

    assert code(mock("GET", LIST)) == "API_KEY_REVOKED"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, [""]),
        ({"times": 2}, [""]),
        ({"status": 418}, ["/status"]),
        ({"status": "429"}, ["/status"]),
        ({"operationId": "nonesuch", "status": 429}, ["/operationId"]),
        ({"operationId": "getLiveness", "status": 401}, ["/status"]),
        ({"status": 429, "example": "nonesuch"}, ["/example"]),
        ({"status": 404, "retryAfter": 2}, ["/retryAfter"]),
        ({"drop": True, "example": "x", "retryAfter": 1}, ["/example", "/retryAfter"]),
        ({"status": 500, "drop": True}, ["/drop"]),
        ({"status": 429, "times": 0}, ["/times"]),
        ({"delayMs": 60_001}, ["/delayMs"]),
        ({"staus": 429, "tims": 1}, ["/staus", "/tims"]),
        ([], [""]),
        ([BUSY, {}], ["/1"]),
        ([BUSY, {"status": 418}, {"x": 1}], ["/2/x"]),
        ([BUSY, {"status": 418}], ["/1/status"]),
        ("429", [""]),
        (None, [""]),
    ],
)
def test_script_that_cannot_be_is_refused_whole(mock: Mock, body: Any, where: list[str]) -> None:
    refused = mock("POST", "/_mock/failures", key=None, json=body)

    assert refused.status_code == 400
    assert sorted(pointers(refused)) == where
    assert mock.control("GET", "failures")["data"] == []
