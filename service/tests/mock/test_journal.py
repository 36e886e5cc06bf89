"""The journal tells what was received, and no value of a key."""

import threading

import httpx
import pytest
from mocks import DESK, FULL, KEYS, VISITOR, Mock
from world import pointers

UNKNOWN = "kfb_Ky9Pf34qY6Nb3wWD25RQ4F5ZR3q3eIvKx"


def test_entry_tells_what_came_and_what_became_of_it(mock: Mock) -> None:
    agent = {"User-Agent": "acme-sync/2.1", "Idempotency-Key": "a-1"}
    reply = mock("POST", "/v1/visitors", json=VISITOR, headers=agent)
    mock("GET", "/v1/visitors?limit=2&status=expected", headers={"User-Agent": ""})

    first, second = mock.journal()

    assert first["at"] <= reply.json()["createdAt"] <= first["answeredAt"]
    assert {name: first[name] for name in EXPECTED} == EXPECTED
    assert first["requestId"] == reply.headers["X-Request-Id"]
    assert first["headers"] == {
        "Accept": "*/*",
        "Authorization": "Bearer ***",
        "Content-Type": "application/json",
        "Idempotency-Key": "a-1",
        "User-Agent": "acme-sync/2.1",
    }
    assert (second["number"], second["queryNames"]) == (2, ["limit", "status"])


EXPECTED = {
    "number": 1,
    "method": "POST",
    "path": "/v1/visitors",
    "operationId": "createVisitor",
    "queryNames": [],
    "client": "127.0.0.1",
    "keyInUrl": False,
    "keyId": "key_VisitorDesk00000000001",
    "secretVersion": 1,
    "outcome": "answered",
    "status": 201,
    "code": "OK",
    "retryAfter": None,
    "scripted": False,
    "delayMs": 0,
}


def test_every_kind_of_reply_is_told(mock: Mock) -> None:
    replaced = "kfbmock_RotatedOldValue0000000000001wldmD"
    mock("GET", "/v1/visitors", key=replaced)
    mock("GET", "/v1/visitors", key=UNKNOWN)
    mock("GET", "/v1/visitors", key=None)
    mock("GET", "/v1/nonesuch")
    mock("PUT", "/v1/visitors")
    mock("HEAD", "/v1/visitors/nobody")
    mock("POST", "/v1/visitors", content=b"x" * 70_000)
    mock("POST", "/v1/visitors", content=iter([b"x" * 70_000]))
    mock("GET", "/v1/visitors", headers={"Prefer": "code=429"})
    mock("GET", "/v1/visitors", headers={"Prefer": "code=600"})
    mock.script({"drop": True})
    with pytest.raises(httpx.RemoteProtocolError):
        mock("GET", "/v1/visitors")

    told = [(e["keyId"] and e["secretVersion"], e["status"], e["code"]) for e in mock.journal()]

    assert told == [
        (1, 401, "API_KEY_ROTATED"),
        (None, 401, "API_KEY_INVALID"),
        (None, 401, "API_KEY_MISSING"),
        (1, 404, "NOT_FOUND"),
        (1, 405, "METHOD_NOT_ALLOWED"),
        (1, 404, None),
        (1, 413, "PAYLOAD_TOO_LARGE"),
        (1, 413, "PAYLOAD_TOO_LARGE"),
        (1, 429, "RATE_LIMITED"),
        (1, 400, "VALIDATION_FAILED"),
        (1, None, None),
    ]
    *_, preferred, refused, dropped = mock.journal()
    assert (preferred["retryAfter"], preferred["scripted"]) == (17, True)
    assert refused["scripted"] is False
    assert (dropped["outcome"], dropped["scripted"]) == ("dropped", True)


@pytest.mark.parametrize(
    "url",
    [
        f"/v1/visitors?api_key={DESK}",
        f"/v1/visitors?q={DESK}",
        f"/v1/visitors/{DESK}",
        f"/v1/visitors/{DESK.replace('_', '%5F')}",
        f"/{UNKNOWN}?x=1",
        f"/v1/visitors?{DESK}=1",
    ],
)
def test_value_sent_anywhere_is_in_no_journal_page_or_log_and_in_the_url_it_is_noted(
    mock: Mock, url: str
) -> None:
    secrets = [text.partition("_")[2] for text in (DESK, UNKNOWN)]
    bad_headers = {
        "User-Agent": DESK,
        "If-Match": DESK,
        "Prefer": f"note={DESK}",
        "X-API-Key": DESK,
    }
    mock("GET", url, headers=bad_headers)
    mock("GET", url, headers={"Authorization": "Basic dXNlcjpwYXNz"})
    mock("GET", "/v1/visitors", key=None, headers={"X-API-Key": "hunter2"})

    journal = mock("GET", "/_mock/journal", key=None).text
    page = mock("GET", "/", key=None).text.partition('id="journal"')[2]
    log = mock.server.log_file.read_text()

    assert [entry["keyInUrl"] for entry in mock.journal()] == [True, True, False]
    for text in (journal, page, log):
        assert not any(secret in text for secret in (*secrets, "dXNlcjpwYXNz", "hunter2"))


def test_since_answers_what_came_later_and_numbers_go_on(mock: Mock) -> None:
    for _ in range(3):
        mock("GET", "/v1/sites", key=FULL)
    later = mock.control("GET", "journal?since=2")
    mock.control("DELETE", "journal")
    emptied = mock.control("GET", "journal")
    mock("GET", "/v1/sites", key=FULL)

    assert ([entry["number"] for entry in later["data"]], later["lastNumber"]) == ([3], 3)
    assert emptied == {"data": [], "lastNumber": 3}
    assert [entry["number"] for entry in mock.journal()] == [4]


def test_what_is_asked_of_the_mock_itself_is_not_told(mock: Mock) -> None:
    mock("GET", "/", key=None)
    mock("GET", "/_mock/clock", key=None)
    mock("GET", "/_mock/nonesuch", key=None)

    assert mock.journal() == []


def test_requests_stand_in_the_order_in_which_they_came(mock: Mock) -> None:
    late = threading.Thread(
        target=lambda: httpx.get(f"{mock.url}/v1/sites", headers={"Prefer": "delay=400"})
    )
    late.start()
    while not mock.journal():
        pass
    mock("GET", "/v1/visitors", key=KEYS["read-only"])
    (first, second) = mock.journal()
    late.join()

    assert (first["operationId"], first["outcome"], first["status"]) == (
        "listSites",
        "pending",
        None,
    )
    assert (second["operationId"], second["outcome"]) == ("listVisitors", "answered")
    assert mock.journal()[0]["outcome"] == "answered"


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("since=-1", "/query/since"),
        ("since=x", "/query/since"),
        ("since=1&since=2", "/query/since"),
        ("sinse=1", "/query/sinse"),
    ],
)
def test_odd_questions_are_refused(mock: Mock, query: str, where: str) -> None:
    refused = mock("GET", f"/_mock/journal?{query}", key=None)

    assert (refused.status_code, pointers(refused)) == (400, [where])
