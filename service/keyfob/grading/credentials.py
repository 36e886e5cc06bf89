"""Rules about how a client treats its key."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from keyfob.errors import ApiKeyRotated
from keyfob.grading.entry import Entry
from keyfob.grading.rule import Fault, Judgement, numbers_of, rule
from keyfob.usage.key_use import product_of

MOST_REFUSALS = 3
HOUR_MS = 3_600_000


@rule(
    "Sends its key in a header, and never in a URL.",
    "Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>`. URLs end up in the logs of"
    " everything between you and us: rotate a key that was in one.",
)
def keeps_key_out_of_urls(entries: Sequence[Entry]) -> Judgement:
    """Judge by anything in a URL that looks like a value, or is called like one."""
    in_url = [entry for entry in entries if entry.key_in_url]
    faults = [Fault("A key stood in the URL.", numbers_of(in_url))] if in_url else []
    return Judgement(bool(entries), faults)


@rule(
    "Stops when its key is refused.",
    "After 401 stop, read the code, and tell a person: the same key will be refused again. Look for"
    " a new one where yours comes from, once.",
)
def stops_on_401(entries: Sequence[Entry]) -> Judgement:
    """Judge by refusals of the same value one after the other."""
    faults: list[Fault] = []
    refusals: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        who = entry.credential, entry.client
        if entry.status == HTTPStatus.UNAUTHORIZED:
            refusals[who].append(entry)
        elif entry.status is not None:
            faults += _hammering(refusals.pop(who, []))
    seen = any(entry.status == HTTPStatus.UNAUTHORIZED for entry in entries)
    for left in refusals.values():
        faults += _hammering(left)
    return Judgement(seen, faults)


@rule(
    "Uses the new value once its key is rotated, and the old one no more.",
    "Deploy the new value everywhere, then look at the key's usage: whoever is refused as"
    " API_KEY_ROTATED there still has the old one.",
)
def follows_rotation(entries: Sequence[Entry]) -> Judgement:
    """Judge by the versions of each key's value: finding out takes one refusal, perhaps a few."""
    faults: list[Fault] = []
    seen = False
    for used in _by_key(entries):
        newest = max(entry.secret_version or 0 for entry in used)
        old = [entry for entry in used if entry.code == ApiKeyRotated.code]
        seen = seen or bool(old) or len({entry.secret_version for entry in used}) > 1
        first_new = next((e.number for e in used if e.secret_version == newest), None)
        back = [e for e in old if first_new and e.number > first_new and e.secret_version != newest]
        if back:
            told = f"An old value of {used[0].key_id} was used after the new one."
            faults.append(Fault(told, numbers_of(back)))
        elif len(old) > MOST_REFUSALS:
            told = f"An old value of {used[0].key_id} was used {len(old)} times."
            faults.append(Fault(told, numbers_of(old)))
    return Judgement(seen, faults)


@rule(
    "Has its key for itself.",
    "Make a key for each program, so that each can be limited, watched and stopped alone.",
)
def shares_no_key(entries: Sequence[Entry]) -> Judgement:
    """Judge by the products that user agents name: two within an hour are two programs."""
    faults: list[Fault] = []
    named = [entry for entry in entries if entry.user_agent]
    for used in _by_key(named):
        latest: dict[str, Entry] = {}
        for entry in used:
            latest[product_of(entry.user_agent)] = entry
            near = {p: e for p, e in latest.items() if entry.at - e.at < HOUR_MS}
            if len(near) > 1:
                told = f"{used[0].key_id} was used by {' and '.join(sorted(near))}."
                faults.append(Fault(told, tuple(sorted(e.number for e in near.values()))))
                break
    return Judgement(any(entry.key_id for entry in named), faults)


@rule(
    "Holds no scope that it never needs.",
    "Ask an administrator to take the scopes away: what a key cannot do, a thief cannot do.",
)
def needs_its_scopes(entries: Sequence[Entry]) -> Judgement:
    """Judge by the scopes that the operations require which were called with each key."""
    faults: list[Fault] = []
    seen = False
    for used in _by_key(entries):
        if not any(e.status is not None and e.status < HTTPStatus.BAD_REQUEST for e in used):
            continue
        seen = True
        needed = {entry.required_scope for entry in used}
        unneeded = [scope for scope in used[-1].scopes if scope not in needed]
        if unneeded:
            told = f"{used[0].key_id} was never used for {', '.join(unneeded)}."
            faults.append(Fault(told, (used[0].number,)))
    return Judgement(seen, faults)


def _by_key(entries: Iterable[Entry]) -> list[list[Entry]]:
    used: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.key_id is not None:
            used[entry.key_id].append(entry)
    return list(used.values())


def _hammering(refused: list[Entry]) -> list[Fault]:
    if len(refused) <= MOST_REFUSALS:
        return []
    told = f"It was refused {len(refused)} times in a row, and came again."
    return [Fault(told, numbers_of(refused[1:]))]
