"""The mock keeps the contract exactly as the service does: the same kit judges both, over HTTP."""

from pathlib import Path

from mocks import FULL, KEYS, Mock
from processes import Operator
from world import code

PATIENCE_SECONDS = 120


def test_kit_finds_the_mock_conforming(mock: Mock, tmp_path: Path) -> None:
    keys = ("--admin-key", FULL, "--other-admin-key", KEYS["other-organization"])
    kit = Operator(tmp_path, PATIENCE_SECONDS)

    judged = kit.run("contract", "--quick", "--url", mock.url, *keys)

    assert judged.code == 0, judged.out
    assert "CONFORMING" in judged.out
    assert "0 broken, 0 not checked" in judged.out


def test_page_is_for_who_reads_html_and_to_the_api_there_is_nothing(mock: Mock) -> None:
    for accept in ("text/html,application/xhtml+xml,*/*;q=0.8", "*/*"):
        assert mock("GET", "/", headers={"Accept": accept}).text.startswith("<!doctype html>")

    assert code(mock("GET", "/", headers={"Accept": "application/json"})) == "NOT_FOUND"
    assert code(mock("POST", "/", headers={"Accept": "application/json"})) == "NOT_FOUND"
