"""Tests of the root conftest.py: a skip is loud, and where skips are forbidden it fails the run."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[2] / "conftest.py"
NEEDS_A_PROGRAM = "def test_page(program): program('browser')"
PASSES = "def test_nothing(): pass"


def run(pytester: pytest.Pytester, *modules: str) -> pytest.RunResult:
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(**{f"test_{n}": module for n, module in enumerate(modules)})
    return pytester.runpytest_inprocess("-rs")


@pytest.fixture(autouse=True)
def no_program_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("FORBID_SKIPS", raising=False)


def test_missing_program_skips_its_test_and_names_what_to_install(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, NEEDS_A_PROGRAM)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*browser is not installed: install chromium"])
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    "test",
    [NEEDS_A_PROGRAM, "import pytest; pytest.skip('not here', allow_module_level=True)"],
    ids=["in a test", "of a module"],
)
def test_forbidden_skip_fails_the_run_and_says_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, test: str
) -> None:
    monkeypatch.setenv("FORBID_SKIPS", "1")
    result = run(pytester, PASSES, test)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*FORBID_SKIPS=1 makes every skip a failure"])


def test_run_without_skips_passes_where_skips_are_forbidden(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORBID_SKIPS", "1")
    result = run(pytester, PASSES)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
