"""The requests of a key as bars: only numbers here, the template draws."""

from collections.abc import Sequence
from typing import NamedTuple

from keyfob.dashboard.wording import DAY, HOUR, count, day, hour
from keyfob.domain.usage import Usage
from keyfob.errors import (
    CredentialError,
    RateLimited,
    ScopeEscalation,
    ScopeInsufficient,
    SiteForbidden,
)

WIDTH, HEIGHT = 720, 180
GAP = 0.25  # of a bar's place
MOST_TICKS = 4
LABELS = 6

OK = "OK"
_REFUSING = (
    *CredentialError.__subclasses__(),
    RateLimited,
    ScopeEscalation,
    ScopeInsufficient,
    SiteForbidden,
)
REFUSED = {word.code for word in _REFUSING}


class Period(NamedTuple):
    """How far back a chart looks, and what one bar stands for."""

    name: str
    label: str
    bars: int
    bar_ms: int

    def since(self, now: int) -> int:
        """Answer when the first bar begins; the last one is under way."""
        return (now // self.bar_ms + 1 - self.bars) * self.bar_ms


PERIODS = {
    each.name: each
    for each in (
        Period("24h", "24 hours", 24, HOUR),
        Period("7d", "7 days", 7, DAY),
        Period("30d", "30 days", 30, DAY),
        Period("90d", "90 days", 90, DAY),
    )
}
BY_DEFAULT = PERIODS["30d"]


class Bar(NamedTuple):
    """One hour or day.

    Attributes:
        ok: requests that succeeded.
        refused: those that the key was refused.
        failed: those that something else was wrong with.
        parts: the class, the top and the height of each part, from the bottom up.
    """

    label: str
    ok: int
    refused: int
    failed: int
    x: float
    width: float
    parts: Sequence[tuple[str, float, float]]

    @property
    def told(self) -> str:
        """The figures in words."""
        return (
            f"{self.label}: {count(self.ok, 'request')} succeeded,"
            f" {self.refused:,} refused, {self.failed:,} failed"
        )


class Chart(NamedTuple):
    """Bars, and what is written around them."""

    bars: Sequence[Bar]
    ticks: Sequence[tuple[int, float]]
    labels: Sequence[tuple[str, float]]
    ok: int
    refused: int
    failed: int
    outcomes: Sequence[tuple[str, int]]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def total(self) -> int:
        """All requests."""
        return self.ok + self.refused + self.failed


def chart_of(usage: Usage, period: Period) -> Chart:
    """Lay out what was counted. Hours and days are those of UTC."""
    sums = [[0, 0, 0] for _ in range(period.bars)]
    outcomes: dict[str, int] = {}
    for counter in usage.counters:
        place = (counter.kind.hour - usage.since) // period.bar_ms
        if 0 <= place < period.bars:
            sums[place][_class_of(counter.kind.outcome)] += counter.requests
            code = counter.kind.outcome
            outcomes[code] = outcomes.get(code, 0) + counter.requests
    top = _round_top(max(sum(each) for each in sums))
    step = WIDTH / period.bars
    bars = [
        _bar(_label(usage.since + place * period.bar_ms, period), each, place * step, step, top)
        for place, each in enumerate(sums)
    ]
    every = max(1, period.bars // LABELS)
    shown = range(period.bars - 1, -1, -every)
    return Chart(
        bars,
        _ticks(top),
        [(bars[place].label, bars[place].x + bars[place].width / 2) for place in shown],
        *(sum(each[kind] for each in sums) for kind in range(3)),
        outcomes=sorted(outcomes.items(), key=lambda item: -item[1]),
    )


def _class_of(outcome: str) -> int:
    return 0 if outcome == OK else 1 if outcome in REFUSED else 2


def _bar(label: str, sums: Sequence[int], x: float, step: float, top: int) -> Bar:
    parts: list[tuple[str, float, float]] = []
    y = float(HEIGHT)
    for name, requests in zip(("ok", "refused", "failed"), sums, strict=True):
        if requests:
            height = max(2.0, requests / top * HEIGHT)  # so that a single request is seen
            y -= height
            parts.append((name, round(y, 2), round(height, 2)))
    width = step * (1 - GAP)
    return Bar(label, *sums, x=round(x + step * GAP / 2, 2), width=round(width, 2), parts=parts)


def _round_top(most: int) -> int:
    """Answer the least of 4, 8, 20, 40, 80, 200 and so on that is enough."""
    scale = 1
    while True:
        for factor in (4, 8, 20):
            if most <= factor * scale:
                return factor * scale
        scale *= 10


def _ticks(top: int) -> Sequence[tuple[int, float]]:
    numbers = [top * each // MOST_TICKS for each in range(MOST_TICKS + 1)]
    return [(number, round(HEIGHT * (1 - number / top), 2)) for number in numbers]


def _label(at: int, period: Period) -> str:
    return hour(at) if period.bar_ms == HOUR else day(at)
