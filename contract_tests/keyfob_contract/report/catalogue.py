"""What is checked, and by which name, for whoever wants a part of it."""

from collections.abc import Iterator
from inspect import getdoc
from itertools import groupby
from textwrap import wrap

import click

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.registry import Check
from keyfob_contract.checks.runner import EVERY_REPLY
from keyfob_contract.run.journal import PASSIVE

WIDTH = 100


def rendered() -> str:
    """Answer all checks by group, each with its sentence."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    for group, checks in groupby(CHECKS, lambda check: check.group):
        yield click.style(group, bold=True)
        for check in checks:
            yield from _entry(check.name, check.sentence, _needs(check))
        yield ""
    yield f"{click.style(EVERY_REPLY, bold=True)}  in whatever is sent"
    for rule in PASSIVE:
        yield from _entry(rule.__name__, getdoc(rule) or "", "")


def _entry(name: str, sentence: str, needs: str) -> Iterator[str]:
    yield f"  {name}{needs}"
    text = " ".join(sentence.split())
    yield from wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ")


def _needs(check: Check) -> str:
    needs = ["generated"] if check.generated else []
    needs += ["with another organisation's key"] if check.other else []
    return f"  ({', '.join(needs)})" if needs else ""
