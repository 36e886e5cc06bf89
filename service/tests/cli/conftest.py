"""The command line as an operator meets it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Finished, Operator

from keyfob.cli import keyfob
from keyfob.cli.troubles import exit_code_of


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """Runs a command, in this process, that is refused before it does anything."""

    def run(*arguments: str) -> Finished:
        code = exit_code_of(lambda: keyfob.main(arguments, standalone_mode=False))
        out, err = capsys.readouterr()
        return Finished(code, out, err)

    return run
