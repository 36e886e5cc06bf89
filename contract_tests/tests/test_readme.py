"""The kit's README says what the kit does, and its jobs for CI are such."""

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.runner import EVERY_REPLY
from keyfob_contract.cli import INTERRUPTED, contract
from keyfob_contract.report.findings import VERDICTS
from keyfob_contract.rules.profile import read_profile

KIT = Path(__file__).parents[1]
README = (KIT / "README.md").read_text(encoding="utf-8")
JOBS = sorted((KIT / "ci").glob("*.yml"))
COMMANDS = [
    command
    for text in (README, *(job.read_text(encoding="utf-8") for job in JOBS))
    for command in re.findall(r"^[- \w:]*(keyfob contract(?: -[^#\n`]*)?)", text, re.MULTILINE)
]


def test_each_group_of_checks_is_explained() -> None:
    table = README.partition("| group |")[2].partition("\n\n")[0]
    explained = re.findall(r"\w+", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert set(explained) == {EVERY_REPLY, *(check.group for check in CHECKS)}


def test_each_exit_code_is_explained() -> None:
    explained = re.findall(r"^\| ([0-9]+) \|", README, re.MULTILINE)
    assert list(map(int, explained)) == [*VERDICTS, INTERRUPTED]


def test_each_option_is_mentioned() -> None:
    options = {name for each in contract.params for name in each.opts}
    assert {name for name in options if name not in README} == set()


def test_each_command_is_one() -> None:
    assert len(COMMANDS) > 5
    for command in COMMANDS:
        _, _, *arguments = shlex.split(command)
        contract.make_context("contract", [a for a in arguments if a != "FILE"])


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_each_job_is_shown_and_publishes_what_its_command_writes(job: Path) -> None:
    text = job.read_text(encoding="utf-8")
    assert f"```yaml\n{text}```\n" in README
    assert yaml.safe_load(text)
    [command] = re.findall(r"keyfob contract --.*", text)
    files = re.findall(r"--(?:junit|html) (\S+)", command)
    assert len(files) == 2
    published = text.partition(command)[2]
    assert all(file in published for file in files)


def test_the_profile_that_is_shown_is_one(tmp_path: Path) -> None:
    file = tmp_path / "contract.toml"
    [shown] = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file.write_text(shown)
    assert read_profile(file).keys.mint == "mintToken"


def test_an_option_that_is_none_is_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        contract.make_context("contract", ["--quickly"])
