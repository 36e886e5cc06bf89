"""The README says what the code does."""

import re
from pathlib import Path

from keyfob.settings import DOCUMENTED

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default_and_meaning() -> None:
    rows = [
        f"| `{doc.name}` | {'' if doc.default == 'unset' else f'`{doc.default}`'} | {doc.meaning} |"
        for doc in DOCUMENTED
    ]
    documented = re.findall(r"^\| `[A-Z_]+` \|.*$", README, re.MULTILINE)

    assert documented == rows
