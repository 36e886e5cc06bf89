"""Figures taken in turn, so that what disturbs the machine disturbs all alike."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]
"""Measures once, and answers a figure of which more is better."""


@dataclass(frozen=True)
class Series:
    """What one contender reached, round by round.

    Attributes:
        figures: in the order in which they were measured.
    """

    name: str
    figures: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.figures)

    @property
    def spread(self) -> str:
        """The lowest and the highest."""
        return f"{min(self.figures):,.0f} to {max(self.figures):,.0f}"


def measure_in_turn(
    contenders: Mapping[str, Measure], rounds: int, progress: Callable[[str], None]
) -> list[Series]:
    """Let each measure once in every round, forwards and backwards by turns."""
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        order = list(contenders)
        for name in order if number % 2 == 0 else reversed(order):
            figures[name].append(contenders[name]())
            progress(f"round {number + 1} of {rounds}: {name} {figures[name][-1]:,.1f}")
    return [Series(name, found) for name, found in figures.items()]


def ratios(of: Series, to: Series) -> tuple[float, float, float]:
    """Answer the lowest, the median and the highest ratio of two series, round by round."""
    each = [mine / theirs for mine, theirs in zip(of.figures, to.figures, strict=True)]
    return min(each), statistics.median(each), max(each)
