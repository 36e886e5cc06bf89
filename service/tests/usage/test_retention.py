"""What is too old goes by itself, in slices, once an hour, in one of all workers."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from usage_records import KEYLESS, NOT_FOUND, record_of
from world import DAY_MS, START, SettableClock

from keyfob.model import EVERY_SITE
from keyfob.store.store import Store
from keyfob.store.usage import HOUR_MS
from keyfob.usage import Recorder
from keyfob.usage.retention import Retention

pytestmark = pytest.mark.both_stores

NewRecorder = Callable[..., Recorder]


def kept(store: Store, *request_ids: str) -> list[bool]:
    return [bool(store.requests.find(request_id)) for request_id in request_ids]


def keyless(store: Store) -> int:
    query = "SELECT count(*) FROM traced_request WHERE key_id IS NULL"
    return store.database.execute_sql(query).fetchone()[0]


def steps(sizes: list[int]) -> list[int]:
    return [before - after for before, after in pairwise(sizes) if before != after]


def delete(store: Store, key_id: str) -> None:
    key = store.api_keys.find("org_1", EVERY_SITE, key_id)
    assert key is not None
    with store.transaction():
        store.api_keys.delete(key)


def test_counters_stay_400_days(store: Store, recorder: Recorder, clock: SettableClock) -> None:
    for key_id in ("key_1", "key_2"):
        recorder.record(record_of(key_id=key_id))
        recorder.record(record_of(key_id=key_id, at=START + 2 * HOUR_MS))
    recorder.flush()

    clock.advance(days=400)
    recorder.retain()
    assert (store.usage.total("key_1"), store.usage.total("key_2")) == (2, 2)
    clock.advance(seconds=2 * 3600)
    recorder.retain()
    assert (store.usage.total("key_1"), store.usage.total("key_2")) == (1, 1)


def test_errors_stay_for_the_trace_days_and_the_latest_hundred_for_ever(
    store: Store, recorder: Recorder, clock: SettableClock
) -> None:
    failed = [record_of(at=START + number, **NOT_FOUND) for number in range(30)]
    later = [record_of(at=START + DAY_MS + number) for number in range(80)]
    for record in (*failed, *later):
        recorder.record(record)
    recorder.flush()

    clock.advance(days=7)
    recorder.retain()
    assert all(kept(store, *(record.request_id for record in failed)))
    clock.advance(days=1)
    recorder.retain()
    assert kept(store, *(record.request_id for record in failed)) == 10 * [False] + 20 * [True]
    assert all(kept(store, *(record.request_id for record in later)))


def test_errors_without_a_key_or_of_a_deleted_one_go_after_the_trace_days(
    store: Store, recorder: Recorder, clock: SettableClock
) -> None:
    sent = [record_of(**KEYLESS), record_of(**NOT_FOUND), record_of(key_id="key_2", **NOT_FOUND)]
    for record in sent:
        recorder.record(record)
    recorder.flush()
    delete(store, "key_1")
    ids = [record.request_id for record in sent]

    clock.advance(days=6.9)
    recorder.retain()
    assert kept(store, *ids) == [True, True, True]
    clock.advance(days=0.2)
    recorder.retain()
    assert kept(store, *ids) == [False, False, True]


def test_the_trace_days_are_a_setting(
    store: Store, recorder: Recorder, clock: SettableClock
) -> None:
    sent = record_of(**KEYLESS)
    recorder.record(sent)
    recorder.flush()
    clock.advance(days=2)

    for trace_days, stays in ((3, True), (1, False)):
        retention = Retention(store, clock, trace_days)
        while retention.work():
            pass
        assert kept(store, sent.request_id) == [stays]
        clock.advance(seconds=3600)


def test_one_worker_sweeps_once_an_hour(
    store: Store, recorder: Recorder, new_recorder: NewRecorder, clock: SettableClock
) -> None:
    other = new_recorder(store)

    def swept(by: Recorder) -> bool:
        sent = record_of(at=clock.now - 8 * DAY_MS, **KEYLESS)
        recorder.record(sent)
        recorder.flush()
        by.retain()
        return kept(store, sent.request_id) == [False]

    assert swept(recorder)
    assert not swept(other)
    clock.advance(seconds=3599)
    assert not swept(recorder)
    clock.advance(seconds=1)
    assert swept(other)
    assert not swept(recorder)
    clock.advance(days=-30)
    assert swept(recorder)


def test_a_sweep_is_made_of_slices_that_are_bounded(
    store: Store, recorder: Recorder, clock: SettableClock
) -> None:
    for number in range(700):
        recorder.record(record_of(at=START - number * HOUR_MS))
    for number in range(450):
        recorder.record(record_of(at=START + number, **KEYLESS))
    recorder.flush()
    clock.advance(days=500)
    retention = Retention(store, clock, trace_days=7)

    counters, errors = [700], [450]
    while retention.work():
        counters.append(store.usage.total("key_1"))
        errors.append(keyless(store))

    assert steps(counters) == [500, 200]
    assert steps(errors) == [200, 200, 50]


def test_counters_of_all_keys_are_swept(
    store: Store, recorder: Recorder, clock: SettableClock
) -> None:
    key_ids = [f"key_n{number}" for number in range(250)]
    template = store.api_keys.find("org_1", EVERY_SITE, "key_1")
    assert template is not None
    with store.transaction():
        for key_id in key_ids:
            store.api_keys.insert(replace(template, id=key_id), key_id.encode())
    for key_id in key_ids:
        recorder.record(record_of(key_id=key_id))
    recorder.flush()
    assert all(map(store.usage.total, key_ids))
    clock.advance(days=401)
    recorder.retain()

    assert not any(map(store.usage.total, key_ids))
