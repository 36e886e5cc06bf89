"""Rules about what a client does when a request has failed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import pairwise

from keyfob.grading.attempts import LATE_MS, SOON_MS, Series, pauses_of, runs_of, series_of
from keyfob.grading.entry import Entry
from keyfob.grading.rule import Fault, Judgement, numbers_of, rule

EARLY_MS = 50
"""By how much a client may be early: clocks tick in different places."""

AT_ONCE_MS = 50
"""A pause that is shorter is none. The first retry may come at once, as urllib3's does."""

LEAST_MS = 100
GROWTH = 1.3
PAUSES_TO_JUDGE = 3
MOST_ATTEMPTS = 8


@rule(
    "Waits as long as Retry-After says before it sends anything again.",
    "After 429 let every thread that uses the key wait for as many seconds as Retry-After says,"
    " after 503 every thread that asks for the same. Waiting that long is enough; a second less is"
    " not.",
)
def keeps_retry_after(entries: Sequence[Entry]) -> Judgement:
    """Judge by the next request that begins after the refusal has left, and that it concerns.

    A limit concerns the key, whatever it is used for; an outage perhaps one operation alone.
    """
    seen = False
    faults: list[Fault] = []
    for refused, again in _refusals(entries):
        seen = True
        waited_ms = again.at - (refused.answered_at or refused.at)
        asked_seconds = refused.retry_after or 0
        if waited_ms < asked_seconds * 1000 - EARLY_MS:
            told = f"Told to wait {asked_seconds} s, it came again after {waited_ms / 1000:.1f} s."
            faults.append(Fault(told, (refused.number, again.number)))
    return Judgement(seen, faults)


@rule(
    "Waits longer from attempt to attempt where the server does not say how long.",
    "Begin with a tenth of a second or more, double the pause after each failure, and add some"
    " chance (jitter), so that clients that failed together do not come back together. Many"
    " libraries do so, if they are told to.",
)
def backs_off(entries: Sequence[Entry]) -> Judgement:
    """Judge by repeated failures that told no Retry-After: one that did has set the pause."""
    seen = False
    faults: list[Fault] = []
    for run in _runs(entries):
        pauses = [pause for failed, _, pause in pauses_of(run) if failed.retry_after is None]
        if len(pauses) < PAUSES_TO_JUDGE:
            continue
        seen = True
        told = _complaint_about(pauses)
        if told:
            shown = ", ".join(f"{pause / 1000:.1f}" for pause in pauses[:10])
            faults.append(Fault(f"{told}: {shown} s.", numbers_of(run)))
    return Judgement(seen, faults)


@rule(
    "Gives up after some attempts, and tells somebody.",
    f"Stop after {MOST_ATTEMPTS} attempts at the most, and raise an alarm: what has failed that"
    f" often needs a person, or a pause. What comes within {SOON_MS // 1000} s of a failure, or of"
    " the end of its Retry-After, is a retry, and so is what comes within three times the longest"
    f" pause before it; what comes {LATE_MS // 60_000} minutes later is none. Who polls more often"
    " polls more slowly while it fails.",
)
def gives_up(entries: Sequence[Entry]) -> Judgement:
    """Judge by attempts that fail one after the other, each a retry of the one before it."""
    seen = False
    faults: list[Fault] = []
    for run in _runs(entries):
        failed = [entry for entry in run if entry.has_failed]
        seen = seen or run[-1].has_failed
        if len(failed) > MOST_ATTEMPTS:
            told = f"It tried {len(failed)} times in vain."
            faults.append(Fault(told, numbers_of(failed[MOST_ATTEMPTS:])))
    return Judgement(seen, faults)


@rule(
    "Repeats a creation whose fate it does not know only under its Idempotency-Key.",
    "Make an Idempotency-Key for each thing to be created (a UUID will do), send it from the first"
    " attempt on, and send the same one with each retry: however often it is sent, one is made.",
)
def repeats_creations_safely(entries: Sequence[Entry]) -> Judgement:
    """Judge by creations that are sent again after 5xx, a lost connection, or a wait given up."""
    seen = False
    faults: list[Fault] = []
    for series in series_of(entries):
        for doubtful, again, _ in pauses_of(series):
            if not (doubtful.creates and doubtful.is_in_doubt):
                continue
            seen = True
            if doubtful.idempotency_key is None or again.idempotency_key is None:
                told = "It repeated a creation without an Idempotency-Key: there may be two now."
            elif doubtful.idempotency_key != again.idempotency_key:
                told = "It repeated a creation under another Idempotency-Key: there may be two now."
            else:
                continue
            faults.append(Fault(told, (doubtful.number, again.number)))
    return Judgement(seen, faults)


def _runs(entries: Sequence[Entry]) -> Iterator[Series]:
    for series in series_of(entries):
        yield from runs_of(series)


def _complaint_about(pauses: Sequence[int]) -> str:
    """Say what is wrong with the pauses of a run; empty if nothing is.

    Chance may make a pause shorter than the one before it, but hardly two in a row next to nothing.
    """
    if any(max(pair) < AT_ONCE_MS for pair in pairwise(pauses)):
        return "It came again at once, and again"
    first = next(pause for pause in pauses if pause >= AT_ONCE_MS)
    if max(pauses[len(pauses) // 2 :]) < max(LEAST_MS, GROWTH * first):
        return "Its pauses did not grow"
    return ""


def _refusals(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Answer each reply that told how long to wait, and the next request that could know of it."""
    waiting: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        refusals = waiting[entry.credential, entry.client]
        for refused in refusals:
            if _heeds(entry, refused):
                yield refused, entry
        refusals[:] = [each for each in refusals if not _heeds(entry, each)]
        if entry.retry_after is not None:
            refusals.append(entry)


def _heeds(entry: Entry, refused: Entry) -> bool:
    """Say whether a request had to heed a refusal: what was on its way before is none the wiser."""
    is_concerned = (
        refused.status == HTTPStatus.TOO_MANY_REQUESTS or entry.operation_id == refused.operation_id
    )
    return is_concerned and entry.at > (refused.answered_at or refused.at)
