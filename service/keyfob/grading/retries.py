"""Rules about what a client does when a request has failed."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from keyfob.grading.attempts import pauses_of, series_of
from keyfob.grading.entry import Entry
from keyfob.grading.rule import Fault, Judgement, numbers_of, rule

EARLY_MS = 50
"""By how much a client may be early: clocks tick in different places."""

SOON_MS = 60_000
"""Attempts further apart are no retries any more, but the next time that something is due."""

PAUSES_TO_JUDGE = 3
MOST_ATTEMPTS = 8


@rule(
    "Waits as long as Retry-After says before it sends anything again.",
    "After 429 or 503 let every thread that uses the key wait for as many seconds as Retry-After"
    " says. Waiting that long is enough; a second less is not.",
)
def keeps_retry_after(entries: Sequence[Entry]) -> Judgement:
    """Judge by the next request with the same key that begins after the refusal has left."""
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
    "Double the pause after each failure, and add some chance (jitter), so that clients that"
    " failed together do not come back together. Many libraries do so, if they are told to.",
)
def backs_off(entries: Sequence[Entry]) -> Judgement:
    """Judge by repeated failures that told no Retry-After: one that did has set the pause."""
    seen = False
    faults: list[Fault] = []
    for series in series_of(entries):
        pauses = [
            pause
            for failed, _, pause in pauses_of(series)
            if failed.retry_after is None and pause < SOON_MS
        ]
        if len(pauses) < PAUSES_TO_JUDGE:
            continue
        seen = True
        if max(pauses[1:]) < pauses[0] * 1.2:
            told = ", ".join(f"{pause / 1000:.1f}" for pause in pauses[:10])
            faults.append(Fault(f"Its pauses did not grow: {told} s.", numbers_of(series)))
    return Judgement(seen, faults)


@rule(
    "Gives up after some attempts, and tells somebody.",
    f"Stop after {MOST_ATTEMPTS} attempts at the most, and raise an alarm: what has failed that"
    " often needs a person, or a pause of minutes.",
)
def gives_up(entries: Sequence[Entry]) -> Judgement:
    """Judge by attempts that fail one after the other, less than a minute apart."""
    seen = False
    faults: list[Fault] = []
    for series in series_of(entries):
        failed = [series[0]] + [again for _, again, pause in pauses_of(series) if pause < SOON_MS]
        failed = [entry for entry in failed if entry.has_failed]
        seen = seen or series[-1].has_failed
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


def _refusals(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Answer each reply that told how long to wait, and the next request that could know of it."""
    waiting: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        refusals = waiting[entry.credential, entry.client]
        for refused in refusals:
            if entry.at > (refused.answered_at or refused.at):
                yield refused, entry
        # What was on its way when the refusal left is none the wiser: that one goes on waiting.
        refusals[:] = [each for each in refusals if entry.at <= (each.answered_at or each.at)]
        if entry.retry_after is not None:
            refusals.append(entry)
