"""What people read is said as people say it, and says why."""

import re
from collections import Counter

import pytest
from runs import Judged

from keyfob_contract.report import terminal
from keyfob_contract.run.dead import Credential
from keyfob_contract.run.matrix import Coverage
from keyfob_contract.run.vault import State


@pytest.mark.parametrize("state", State)
def test_each_kind_of_credential_is_named_in_words(state: State) -> None:
    text = Credential(state, "as it is sent", (), None, {}).spelt
    assert text.endswith(" (as it is sent)")
    assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|_", text)


def test_the_terminal_says_why_cells_cannot_be_reached(conforming: Judged) -> None:
    cells = conforming.result.matrix.cells
    [(reason, _)] = Counter(
        cell.reason for cell in cells if cell.coverage is Coverage.UNREACHABLE
    ).most_common(1)
    shown = " ".join(terminal.rendered(conforming.report).split())
    assert f"not reachable (mostly: {reason})" in shown
