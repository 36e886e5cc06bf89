"""What the page on other people's specs shows is what the kit reads."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from keyfob_contract.rules.profile import Profile, read_profile
from keyfob_contract.run.vault import State

PAGE = Path(__file__).parents[1] / "OTHER_SPECS.md"
PROFILES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("text", PROFILES, ids=["shortest", "longest"])
def test_the_profiles_of_the_page_can_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "contract.toml"
    file.write_text(text, encoding="utf-8")
    assert read_profile(file).credentials.headers == ("X-Token: {key}",)


def test_the_page_explains_everything_that_a_profile_may_say() -> None:
    profile = Profile()
    named = {
        member.name
        for part in fields(profile)
        for member in fields(getattr(profile, part.name))
        if member.name not in {"body", "codes", "statuses"}  # tables of their own
    }
    states = {state.value for state in State} - {State.LIVE, State.NONE} | {"missing"}
    explained = set(re.findall(r"^(\w+) = ", PROFILES[-1], re.MULTILINE))
    assert named | states <= explained
