"""``pytest contract_tests --url …``: the checks as tests, and none of the kit's own tests."""

import os
import subprocess
import sys
from pathlib import Path

from staging import Staging

REPOSITORY = Path(__file__).parents[2]


def run_pytest(*options: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "FORBID_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "contract_tests", "-p", "no:cacheprovider", *options],
        cwd=REPOSITORY,
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_each_check_is_a_test_and_what_cannot_be_judged_is_skipped(staging: Staging) -> None:
    options = ("--url", staging.server.url, "--admin-key", staging.key)
    wanted = "no_key_is_refused or foreign_things"
    finished = run_pytest("-v", *options, "-k", wanted)
    assert finished.returncode == 0, finished.stdout
    assert "test_the_contract_is_kept[no_key_is_refused] PASSED" in finished.stdout
    assert "Not checked: it takes the key of another organisation" in finished.stdout
    assert "contract_tests/tests" not in finished.stdout
    assert staging.key not in finished.stdout


def test_a_server_that_cannot_be_judged_ends_it_with_2() -> None:
    finished = run_pytest("--url", "http://127.0.0.1:1", "--admin-key", "kfb_1", "--quick")
    assert finished.returncode == 2
    assert "There is no telling: http://127.0.0.1:1 did not answer" in finished.stdout


def test_a_url_without_a_key_is_refused() -> None:
    finished = run_pytest("--url", "http://127.0.0.1:1")
    assert finished.returncode == 4
    assert "--url needs --admin-key" in finished.stderr
