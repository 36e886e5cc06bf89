"""Measure, and write down what came of it: ``make bench``."""

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import kit
from measuring import Series, measure_in_turn, ratios

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = "# What was measured"


def main() -> None:
    """Measure in turn, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured")
    rounds = parser.parse_args().rounds
    found = measure_in_turn(kit.contenders(), rounds, lambda line: print(line, file=sys.stderr))
    text = "\n".join([TITLE, "", *_circumstances(rounds), "", *_of_the_kit(found), ""])
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _circumstances(rounds: int) -> Iterator[str]:
    python = f"Python {platform.python_version()}"
    machine = f"{os.cpu_count()} cores of {platform.machine()}, {platform.system()}"
    day = datetime.now(UTC).date().isoformat()
    yield f"`make bench` on {day}: {machine}, {python}, Schemathesis {version('schemathesis')}."
    yield f"Medians of {rounds} rounds, in which each was measured in turn; ratios round by round."


def _of_the_kit(found: Sequence[Series]) -> Iterator[str]:
    ours, theirs = found
    lowest, median, highest = ratios(ours, theirs)
    yield "## Cases a second"
    yield ""
    yield (kit.__doc__ or "").partition("\n\n")[2].strip()
    yield ""
    yield "| | cases a second | lowest to highest |"
    yield "| --- | --: | --: |"
    for series in found:
        yield f"| `{series.name}` | {series.median:,.0f} | {series.spread} |"
    yield ""
    yield f"The kit is {median:.1f} times as fast ({lowest:.1f} to {highest:.1f})."


if __name__ == "__main__":
    main()
