"""The course of a certification: exercises that give an occasion for every rule, in their order."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from keyfob.grading.attempts import SOON_MS, patience_ms, runs_of, series_of
from keyfob.grading.entry import Entry
from keyfob.grading.retries import MOST_ATTEMPTS

BEGINNINGS = 3
"""Who has begun the same list so often, and has never gone on, will not."""

RESTART = " If it has stopped since, start it again."

REFUSALS = 2
BREAKDOWNS = 5
"""One more than a judgement on growing pauses needs, for what chance may add to them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an exercise is.

    Attributes:
        is_over: what it is there for has happened, well or not.
        told: what was seen, and what is waited for.
        decided_at: when it is over if nothing comes before.
    """

    is_over: bool
    told: str = ""
    decided_at: int | None = None


@dataclass(frozen=True, slots=True)
class Exercise:
    """Something that a client has to cope with.

    Attributes:
        title: what a careful client does.
        task: what whoever runs the client is to let it do, and what will befall it.
        rules: names of those that it is there for.
        progress: reads from the entries since it began, and the time, how far it is.
        creates: only a client whose key may create something can do it.
    """

    name: str
    title: str
    task: str
    rules: tuple[str, ...]
    progress: Callable[[Sequence[Entry], int], Progress]
    creates: bool = False


def _read(entries: Sequence[Entry], _now: int) -> Progress:
    pages = [entry for entry in entries if entry.method == "GET" and entry.status == HTTPStatus.OK]
    if any(page.cursor is not None and page.next_cursor is None for page in pages):
        return Progress(is_over=True)
    halves = [page for page in pages if page.next_cursor is not None]
    begun = Counter((page.path, page.listed) for page in halves if page.cursor is None)
    if any(times >= BEGINNINGS for times in begun.values()):
        return Progress(is_over=True)
    if not halves:
        return Progress(is_over=False, told="It has read no list of more than one page yet.")
    path = halves[-1].path
    return Progress(is_over=False, told=f"It has read a part of {path}: the next page is missing.")


def _wait(entries: Sequence[Entry], _now: int) -> Progress:
    return _after_scripted(entries, REFUSALS)


def _back_off(entries: Sequence[Entry], _now: int) -> Progress:
    return _after_scripted(entries, BREAKDOWNS)


def _create(entries: Sequence[Entry], _now: int) -> Progress:
    created = [entry for entry in entries if entry.creates]
    lost = next((entry for entry in created if entry.scripted), None)
    if lost is None:
        return Progress(is_over=False, told="It has created nothing yet.")
    if any(_is_good(entry) and entry.number > lost.number for entry in created):
        return Progress(is_over=True)
    told = f"The reply to request {lost.number} was lost. Nothing was created since."
    return Progress(is_over=False, told=told)


def _renew(entries: Sequence[Entry], _now: int) -> Progress:
    refused = [entry for entry in entries if entry.status == HTTPStatus.UNAUTHORIZED]
    if not refused:
        return Progress(is_over=False, told="The old value was not sent yet.")
    if any(_is_good(entry) and entry.number > refused[0].number for entry in entries):
        return Progress(is_over=True)
    return Progress(is_over=False, told=f"The old value was refused {_times(len(refused))}.")


def _give_up(entries: Sequence[Entry], now: int) -> Progress:
    failed = [entry for entry in entries if entry.scripted]
    if not failed:
        return Progress(is_over=False, told="It has sent nothing yet.")
    runs = [run for series in series_of(failed) for run in runs_of(series)]
    if any(len(run) > MOST_ATTEMPTS for run in runs):
        return Progress(is_over=True)
    quiet_ms = max(map(patience_ms, runs))
    decided_at = max(entry.answered_at or entry.at for entry in failed) + quiet_ms
    return Progress(
        is_over=now >= decided_at,
        told=f"It was refused {_times(len(failed))}. If nothing comes for {-(-quiet_ms // 1000)} s,"
        " it has given up.",
        decided_at=decided_at,
    )


def _after_scripted(entries: Sequence[Entry], most: int) -> Progress:
    """Answer the progress of an exercise that is over with the first good reply after failures."""
    failed = [entry for entry in entries if entry.scripted]
    if not failed:
        return Progress(is_over=False, told=f"None of {most} was met yet.")
    if len(failed) < most:
        return Progress(is_over=False, told=f"{len(failed)} of {most} were met.{RESTART}")
    is_over = any(_is_good(entry) and entry.number > failed[-1].number for entry in entries)
    return Progress(is_over=is_over, told=f"All were met.{RESTART}")


def _is_good(entry: Entry) -> bool:
    return entry.status is not None and entry.status < HTTPStatus.BAD_REQUEST


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


COURSE = (
    Exercise(
        "read",
        "Read a list to its end",
        "Let it read a list of more than one page, such as GET /v1/visitors.",
        ("follows_pages",),
        _read,
    ),
    Exercise(
        "wait",
        "Wait as long as the server says",
        "Let it go on as usual. Two requests are refused: 429 with Retry-After: 2, then 503 with"
        " Retry-After: 3.",
        ("keeps_retry_after",),
        _wait,
    ),
    Exercise(
        "back_off",
        "Try again, later each time",
        f"Let it go on as usual. {BREAKDOWNS} requests fail with 500, which does not say how long"
        " to wait: of one and the same request, at least three retries should be seen.",
        ("backs_off",),
        _back_off,
    ),
    Exercise(
        "create",
        "Create something once",
        "Let it create something, such as a visitor. The mock creates it, and drops the connection"
        " instead of replying.",
        ("repeats_creations_safely",),
        _create,
        creates=True,
    ),
    Exercise(
        "renew",
        "Take the new value of its key",
        "Let it go on as usual. Its key was rotated behind its back; once it was refused, the new"
        " value is told here.",
        ("stops_on_401", "follows_rotation"),
        _renew,
    ),
    Exercise(
        "give_up",
        "Give up when nothing helps",
        "Let it go on as usual. Whatever it asks for is 503 with Retry-After: 1, from now on. It"
        f" has given up when nothing comes for {SOON_MS // 1000 + 1} s, or for three times its"
        f" longest pause; more than {MOST_ATTEMPTS} attempts at one thing are too many.",
        ("gives_up",),
        _give_up,
    ),
)
"""The rules that no exercise names are those that every request keeps or breaks."""
