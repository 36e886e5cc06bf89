"""From the buffer to the store."""

from collections.abc import Iterable

from keyfob.store.requests import FIRST_ERROR
from keyfob.store.sightings import SightingKind
from keyfob.store.store import Store
from keyfob.store.usage import HOUR_MS
from keyfob.usage.buffer import ERRORS_OF_KEY_AND_HOUR, KEYLESS, LATEST_OF_KEY, Portion
from keyfob.usage.key_use import KeyUse
from keyfob.usage.record import UsageRecord


def write(store: Store, portion: Portion) -> None:
    """Write a portion, all of it or nothing. Raises Unavailable."""
    with store.transaction():
        named = portion.uses.keys() | {each.key_id for each in portion.details.values()}
        known = store.usage.hold(key_id for key_id in named if key_id)
        for key_id in sorted(known & portion.uses.keys()):
            _write_use(store, key_id, portion.uses[key_id])
        kept = [each for each in portion.details.values() if _stays(each, known)]
        store.requests.insert(each.traced() for each in kept)
        _forget_surplus(store, kept)


def _write_use(store: Store, key_id: str, use: KeyUse) -> None:
    for kind, requests in sorted(use.counts.items()):
        store.usage.count(key_id, kind, requests)
    if use.last_used_at:
        store.usage.touch(key_id, use.last_used_at)
    for (kind, name), at in sorted(use.last_seen.items()):
        store.sightings.see(key_id, kind, name, at)
    if any(kind is SightingKind.PRODUCT for kind, _ in use.last_seen):
        store.sightings.introduce_products(key_id, within_ms=HOUR_MS)


def _stays(record: UsageRecord, known: set[str]) -> bool:
    """Say whether a request is kept: of a key that was deleted meanwhile, errors only."""
    return record.key_id is None or record.key_id in known or record.status >= FIRST_ERROR


def _forget_surplus(store: Store, inserted: Iterable[UsageRecord]) -> None:
    for key_id in sorted({each.key_id for each in inserted if each.key_id}):
        store.requests.forget_successes_beyond(key_id, kept=LATEST_OF_KEY)
    errors = [each for each in inserted if each.status >= FIRST_ERROR]
    for key_id, hour in sorted({(e.key_id, e.at - e.at % HOUR_MS) for e in errors if e.key_id}):
        store.requests.forget_errors_beyond(
            key_id, hour, hour + HOUR_MS, kept=ERRORS_OF_KEY_AND_HOUR
        )
    if any(each.key_id is None for each in errors):
        store.requests.forget_keyless_beyond(KEYLESS)
