"""The command line as a whole: help that reads well, and exit codes that mean something."""

import sys
from collections.abc import Callable

import click
import pytest
from processes import Finished, Operator

from keyfob import __version__
from keyfob.cli import keyfob


def test_version(operator: Operator) -> None:
    finished = operator.run("--version")
    assert finished == Finished(0, f"keyfob {__version__}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_lists_every_command(refused: Callable[..., Finished], option: str) -> None:
    finished = refused(option)
    assert finished.code == 0
    for name in keyfob.commands:
        assert f"  {name}  " in finished.out


OPTIONS = [
    pytest.param(parameter, id=f"{name} --{parameter.name}")
    for name, command in keyfob.commands.items()
    for parameter in command.params
    if isinstance(parameter, click.Option)
]


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_explained(option: click.Option) -> None:
    assert option.help
    assert option.help.endswith(".")


@pytest.mark.parametrize("name", list(keyfob.commands))
def test_every_command_takes_both_spellings_of_help(
    refused: Callable[..., Finished], name: str
) -> None:
    long, short = refused(name, "--help"), refused(name, "-h")
    assert long == short
    assert long.code == 0
    assert keyfob.commands[name].short_help


@pytest.mark.parametrize(
    "arguments",
    [[], ["destroy"], ["serve", "--prot", "1"], ["serve", "--port", "70000"], ["migrate", "now"]],
    ids=["none", "command", "option", "value", "argument"],
)
def test_misuse_exits_with_2_and_says_so_on_stderr(
    refused: Callable[..., Finished], arguments: list[str]
) -> None:
    finished = refused(*arguments)
    assert (finished.code, finished.out) == (2, "")
    assert "Usage: " in finished.err


def test_bad_settings_are_all_named(operator: Operator) -> None:
    finished = operator.run("migrate", KEYFOB_LOG_LEVEL="loud", KEYFOB_WORKER_THREADS="0")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("Error: KEYFOB_LOG_LEVEL must be one of")
    assert "KEYFOB_WORKER_THREADS must be" in finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize("level", ["info", "debug"])
def test_crash_is_a_sentence_and_with_debug_a_traceback(operator: Operator, level: str) -> None:
    """A relative database in a directory that is gone is something that nobody thought of."""
    gone = operator.folder / "gone"
    gone.mkdir()
    script = f"cd {gone}; rmdir {gone}; exec {sys.executable} -m keyfob migrate"
    environment = {"DATABASE_URL": "sqlite:///relative.db", "KEYFOB_LOG_LEVEL": level}
    finished = operator.shell(script, **environment)
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("Error: Something unexpected went wrong: FileNotFoundError")
    assert ("Traceback" in finished.err) == (level == "debug")


def test_commands_import_neither_the_server_nor_the_kit_at_their_start(operator: Operator) -> None:
    heavy = {"uvicorn", "connexion", "flask", "keyfob_contract.checks", "jsonschema_rs"}
    script = f"import sys, keyfob.cli; print({heavy} & set(sys.modules))"
    finished = operator.shell(f'{sys.executable} -c "{script}"')
    assert finished == Finished(0, "set()\n", "")
