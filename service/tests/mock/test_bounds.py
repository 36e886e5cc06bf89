"""Pages of other sites, open in somebody's browser, neither steer the mock nor enter a grade."""

from pathlib import Path

import pytest
from mocks import Mock, mocking
from world import pointers

EVERYWHERE = "0.0.0.0"  # noqa: S104  where it cannot know its names
REBOUND = {"Host": "rebound.example:4010"}
FOREIGN = {"Origin": "https://evil.example"}


@pytest.mark.parametrize(
    ("headers", "pointer"),
    [
        (REBOUND, "/header/Host"),
        ({"Host": "localhost.evil.example"}, "/header/Host"),
        ({"Host": "[::1"}, "/header/Host"),
        (REBOUND | {"Origin": "http://rebound.example:4010"}, "/header/Host"),
        (FOREIGN, "/header/Origin"),
        ({"Origin": "null"}, "/header/Origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "/header/Sec-Fetch-Site"),
    ],
)
def test_page_of_another_site_changes_nothing_and_is_not_judged(
    mock: Mock, headers: dict[str, str], pointer: str
) -> None:
    steered = mock("POST", "/_mock/clock", None, json={"advanceSeconds": 5}, headers=headers)
    asked = mock("GET", "/v1/visitors", headers=headers)
    looked = mock("HEAD", "/v1/visitors", headers=headers)

    assert (steered.status_code, asked.status_code, looked.status_code) == (400, 400, 400)
    assert (pointers(steered), pointers(asked), looked.content) == ([pointer], [pointer], b"")
    assert mock.control("GET", "clock")["advancedSeconds"] == 0
    assert mock.journal() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:9"},
        {"Host": "LOCALHOST"},
        {"Host": "[::1]:4010"},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_programs_and_pages_of_this_machine_are_at_home(
    mock: Mock, headers: dict[str, str]
) -> None:
    assert mock("POST", "/_mock/reset", None, headers=headers).status_code == 200
    assert mock("GET", "/v1/visitors", headers=headers).status_code == 200


def test_others_may_link_to_the_page_for_people(mock: Mock) -> None:
    assert mock("GET", "/", None, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_further_names_are_allowed_by_option(tmp_path: Path) -> None:
    with mocking(tmp_path, "--allow-host", "Rebound.example") as mock:
        assert mock("GET", "/v1/visitors", headers=REBOUND).status_code == 200
        assert mock("GET", "/v1/visitors", headers=FOREIGN).status_code == 400


def test_mock_in_reach_of_others_goes_by_any_name_and_only_its_own_pages(tmp_path: Path) -> None:
    own = REBOUND | {"Origin": "http://rebound.example:4010"}
    with mocking(tmp_path, "--host", EVERYWHERE) as mock:
        assert mock("GET", "/v1/visitors", headers=own).status_code == 200
        assert mock("POST", "/_mock/reset", None, headers=REBOUND | FOREIGN).status_code == 400
