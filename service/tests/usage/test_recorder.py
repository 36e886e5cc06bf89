"""From the recorder to the store: exact, whatever happens to the store and to the keys."""

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from outages import Outages
from structlog.testing import capture_logs
from usage_records import KEYLESS, NOT_FOUND, RECORD, record_of
from world import START, SettableClock

from keyfob.errors import Unavailable
from keyfob.model import EVERY_SITE, ApiKey
from keyfob.store.sightings import SightingKind
from keyfob.store.store import Store
from keyfob.store.tables import ApiKeySighting, TracedRequest, UsageCounter
from keyfob.store.usage import HOUR_MS
from keyfob.usage import Recorder

pytestmark = pytest.mark.both_stores

NewRecorder = Callable[..., Recorder]

DEADLINE_SECONDS = 20
HOUR = START - START % HOUR_MS


def rows(store: Store, table: type[UsageCounter | TracedRequest | ApiKeySighting]) -> int:
    return table.select().count(store.database)


def traced(store: Store, key_id: str = "key_1") -> list[str]:
    """The ids of the requests kept of a key, newest first."""
    return [request.request_id for request in store.requests.latest(key_id, 1_000_000)]


def key_of(store: Store, key_id: str = "key_1") -> ApiKey:
    key = store.api_keys.find("org_1", EVERY_SITE, key_id)
    assert key is not None
    return key


def test_flush_writes_counters_requests_and_last_use(store: Store, recorder: Recorder) -> None:
    recorder.record(record_of(at=START + 5, user_agent="x" * 300))
    recorder.record(record_of(at=START + 7, operation="", charged=False, **NOT_FOUND))
    recorder.flush()

    counters = store.usage.counters("key_1", HOUR, HOUR + 1)
    assert [(each.kind.operation, each.kind.outcome, each.requests) for each in counters] == [
        ("", "NOT_FOUND", 1),
        ("listApiKeys", "OK", 1),
    ]
    failed, good = store.requests.latest("key_1", 10)
    assert (failed.at, failed.code, failed.operation) == (START + 7, "NOT_FOUND", "")
    assert good.user_agent == "x" * 200
    assert key_of(store).last_used_at == START + 5


@pytest.mark.sqlite_only  # a matter of the buffer, and of many seconds
def test_a_million_requests_grow_the_store_by_no_more_than_their_buckets(
    store: Store, recorder: Recorder
) -> None:
    hours = [HOUR + number * HOUR_MS for number in range(5)]
    kinds = [
        *(record_of(at=hour) for hour in hours),
        *(record_of(at=hour, key_id="key_2") for hour in hours),
        *(
            record_of(at=hour, key_id="key_2", status=429, code="RATE_LIMITED")
            for hour in hours[:2]
        ),
    ]
    rounds = 1_000_000 // len(kinds) + 1
    for number in range(rounds):
        for record in kinds:
            recorder.record(record)
        if number % 8_000 == 0:
            recorder.flush()
    recorder.flush()

    assert store.usage.total("key_1") + store.usage.total("key_2") == rounds * len(kinds)
    assert rows(store, UsageCounter) == len(kinds)
    # Beside them the latest hundred of each key, and a thousand of each hour's errors.
    assert len(traced(store, "key_1")) == 100
    assert len(traced(store, "key_2")) == 2 * 1_000 + 100
    assert rows(store, ApiKeySighting) == 2 * len(["a product", "a scope"])


def test_two_workers_on_one_store_sum_exactly(
    store: Store, new_store: Callable[[], Store], new_recorder: NewRecorder
) -> None:
    recorders = [new_recorder(store), new_recorder(new_store())]

    def work(recorder: Recorder) -> None:
        for number in range(50):
            for _ in range(40):
                recorder.record(record_of(at=START + number))
            recorder.flush()

    threads = [threading.Thread(target=work, args=(each,)) for each in recorders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.usage.total("key_1") == 2 * 50 * 40
    assert rows(store, UsageCounter) == 1
    assert len(traced(store)) == 100


def test_records_of_many_threads_are_all_counted(store: Store, recorder: Recorder) -> None:
    def work() -> None:
        for _ in range(5_000):
            recorder.record(RECORD)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        recorder.flush()
    for thread in threads:
        thread.join()
    recorder.flush()

    assert store.usage.total("key_1") == 8 * 5_000


def test_last_use_only_grows(store: Store, recorder: Recorder) -> None:
    for at in (START + 100, START + 50):
        recorder.record(record_of(at=at))
        recorder.flush()

    assert key_of(store).last_used_at == START + 100


def test_a_flush_changes_nothing_of_a_key_but_its_last_use(
    store: Store, recorder: Recorder
) -> None:
    recorder.record(record_of(at=START + 100))
    before = key_of(store)
    revoked = replace(before, revoked_at=START + 50, updated_at=START + 50, version=2)
    with store.transaction():
        assert store.api_keys.replace(before, revoked, None)
    recorder.flush()

    assert key_of(store) == replace(revoked, last_used_at=START + 100)


def test_a_key_deleted_meanwhile_is_skipped_but_for_its_errors(
    store: Store, recorder: Recorder
) -> None:
    failed = record_of(**NOT_FOUND)
    for record in (record_of(), failed, record_of(key_id="key_2")):
        recorder.record(record)
    with store.transaction():
        store.api_keys.delete(key_of(store))
    recorder.flush()

    assert traced(store) == [failed.request_id]
    assert (store.usage.total("key_1"), store.usage.total("key_2")) == (0, 1)
    with pytest.raises(AssertionError):
        key_of(store)


def test_deleting_a_key_takes_its_counters_and_sightings_along(
    store: Store, recorder: Recorder
) -> None:
    recorder.record(record_of())
    recorder.flush()
    with store.transaction():
        store.api_keys.delete(key_of(store))

    assert (rows(store, UsageCounter), rows(store, ApiKeySighting)) == (0, 0)


@pytest.mark.parametrize("outage", ["busy", "gone"])
def test_in_an_outage_nothing_is_lost_or_counted_twice(
    outage: str,
    outages: Outages,
    new_store: Callable[..., Store],
    store: Store,
    new_recorder: NewRecorder,
) -> None:
    impatient = new_store(KEYFOB_BUSY_TIMEOUT_MS="100")
    recorder = new_recorder(impatient)
    sent = [record_of() for _ in range(30)]
    for record in sent[:10]:
        recorder.record(record)
    with getattr(outages, outage)():
        for record in sent[10:13]:
            with pytest.raises(Unavailable):
                recorder.flush()
            recorder.record(record)
    for record in sent[13:]:
        recorder.record(record)
    recorder.flush()
    recorder.flush()

    assert store.usage.total("key_1") == 30
    assert sorted(traced(store)) == sorted(record.request_id for record in sent)


def test_while_a_flush_waits_for_the_store_recording_does_not(
    outages: Outages, store: Store, recorder: Recorder
) -> None:
    recorder.record(record_of())
    flushing = threading.Thread(target=recorder.flush)
    with outages.busy():
        flushing.start()
        for _ in range(50_000):
            recorder.record(RECORD)
        waited = flushing.is_alive()
        buffered = recorder.buffered_details
    flushing.join()
    recorder.flush()

    assert waited
    assert buffered <= 5_001 + 100 + 1  # the queue, the ring of the key, what the flush holds
    assert store.usage.total("key_1") == 50_001


def test_while_a_flush_adds_up_recording_does_not_wait_either(
    store: Store, clock: SettableClock
) -> None:
    asked, answered = threading.Event(), threading.Event()

    def answer_when_told(_operation: str) -> str | None:
        asked.set()
        if not answered.wait(DEADLINE_SECONDS):
            answered.set()
        return None

    recorder = Recorder(store, clock, scope_of=answer_when_told, trace_days=7)
    recorder.record(RECORD)
    flushing = threading.Thread(target=recorder.flush)
    flushing.start()
    assert asked.wait(DEADLINE_SECONDS)
    for _ in range(5_500):
        recorder.record(RECORD)
    waited = answered.is_set()
    answered.set()
    flushing.join()
    recorder.flush()

    assert not waited
    assert store.usage.total("key_1") == 5_501


@pytest.mark.parametrize("tries", [True, False], ids=["trying", "not_yet_tried"])
def test_in_a_long_outage_the_oldest_details_go_and_are_told(
    outages: Outages, store: Store, new_recorder: NewRecorder, *, tries: bool
) -> None:
    recorder = new_recorder(store, most_details=50)
    failed = [record_of(**NOT_FOUND) for _ in range(90)]
    with outages.gone():
        for number, record in enumerate(failed):
            recorder.record(record)
            if tries and number % 20 == 0:
                with pytest.raises(Unavailable):
                    recorder.flush()
    recorder.flush()

    assert recorder.dropped_details == 40
    assert traced(store) == [record.request_id for record in reversed(failed[40:])]
    assert store.usage.total("key_1") == 90


def test_what_the_store_can_never_take_does_not_hold_up_the_rest(
    store: Store, recorder: Recorder
) -> None:
    recorder.record(record_of(client="\ud800"))
    with pytest.raises(UnicodeEncodeError):
        recorder.flush()
    recorder.record(record_of())
    recorder.flush()

    assert recorder.dropped_details == 1
    assert store.usage.total("key_1") == 2
    assert len(traced(store)) == 1


def test_the_latest_hundred_stay_and_of_older_ones_the_errors(
    store: Store, recorder: Recorder
) -> None:
    failed = [record_of(at=START + number, **NOT_FOUND) for number in range(60)]
    good = [record_of(at=START + 1_000 + number) for number in range(130)]
    for record in (*failed, *good):
        recorder.record(record)
        if record.at % 7 == 0:
            recorder.flush()
    recorder.flush()

    kept = [*failed, *good[30:]]
    assert traced(store) == [record.request_id for record in reversed(kept)]


def test_what_another_worker_writes_late_finds_its_place(store: Store, recorder: Recorder) -> None:
    for number in range(100):
        recorder.record(record_of(at=START + 2 * number))
    recorder.flush()
    late, too_late = record_of(at=START + 101), record_of(at=START - 1)
    recorder.record(late)
    recorder.record(too_late)
    recorder.flush()

    kept = traced(store)
    assert len(kept) == 100
    assert kept.index(late.request_id) == len(range(102, 200, 2))
    assert too_late.request_id not in kept


def test_errors_of_a_key_are_at_most_a_thousand_an_hour(store: Store, recorder: Recorder) -> None:
    hours = [
        [record_of(at=HOUR + hour * HOUR_MS + number, **NOT_FOUND) for number in range(1_300)]
        for hour in range(2)
    ]
    for record in (*hours[0], *hours[1]):
        recorder.record(record)
        if record.at % 333 == 0:
            recorder.flush()
    recorder.flush()

    kept = [*hours[0][-1_000:], *hours[1][-1_000:]]
    assert traced(store) == [record.request_id for record in reversed(kept)]


def test_requests_without_a_known_key_are_at_most_ten_thousand(
    store: Store, recorder: Recorder
) -> None:
    sent = [record_of(at=START + number, **KEYLESS) for number in range(10_050)]
    for record in sent:
        recorder.record(record)
        if record.at % 3_000 == 0:
            recorder.flush()
    recorder.flush()

    assert rows(store, TracedRequest) == 10_000
    assert not store.requests.find(sent[49].request_id)
    assert store.requests.find(sent[50].request_id)


def test_products_that_meet_within_an_hour_are_noted(store: Store, recorder: Recorder) -> None:
    def met() -> dict[str, int | None]:
        seen = store.sightings.of_keys(["key_1"])["key_1"]
        return {s.name: s.met_at for s in seen if s.kind is SightingKind.PRODUCT}

    def use(product: str, at: int) -> None:
        recorder.record(record_of(user_agent=product, at=at))
        recorder.flush()

    use("a", START)
    use("b", START + HOUR_MS + 1)
    assert met() == {"a": None, "b": None}
    use("a", START + 2 * HOUR_MS + 1)
    assert met() == {"a": START + 2 * HOUR_MS + 1, "b": START + HOUR_MS + 1}
    use("b", START + 9 * HOUR_MS)
    assert met() == {"a": START + 2 * HOUR_MS + 1, "b": START + HOUR_MS + 1}


def test_the_latest_ten_products_are_remembered(store: Store, recorder: Recorder) -> None:
    for number in range(25):
        recorder.record(record_of(user_agent=f"p{number}", at=START + number))
        recorder.flush()

    seen = store.sightings.of_keys(["key_1"])["key_1"]
    products = {each.name for each in seen if each.kind is SightingKind.PRODUCT}
    assert products == {f"p{number}" for number in range(15, 25)}


def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(
    outages: Outages, recorder: Recorder
) -> None:
    recorder.record(record_of())
    with capture_logs() as logs:
        with outages.gone():
            for _ in range(3):
                recorder.stop()
        for _ in range(3):
            recorder.stop()

    events = [line["event"] for line in logs if line["event"] != "usage_lost"]
    assert events == ["usage_outage_began", "usage_outage_ended"]
    assert recorder.outages == 1


def test_a_started_recorder_makes_use_visible_by_itself(store: Store, recorder: Recorder) -> None:
    recorder.start()
    recorder.start()
    try:
        recorder.record(record_of())
        tick = threading.Event()
        for _ in range(DEADLINE_SECONDS * 50):
            if store.usage.total("key_1") == 1 or tick.wait(0.02):
                break
        assert store.usage.total("key_1") == 1
        assert [each.name for each in threading.enumerate()].count("keyfob-usage") == 1
    finally:
        recorder.stop()


def test_stop_writes_the_rest(store: Store, recorder: Recorder) -> None:
    recorder.start()
    for _ in range(1_234):
        recorder.record(record_of())
    recorder.stop()

    assert store.usage.total("key_1") == 1_234
    assert "keyfob-usage" not in {thread.name for thread in threading.enumerate()}


def test_what_a_stop_could_not_write_is_told(outages: Outages, recorder: Recorder) -> None:
    recorder.start()
    with capture_logs() as logs, outages.gone():
        for _ in range(3):
            recorder.record(record_of())
        recorder.stop()

    lost = [line for line in logs if line["event"] == "usage_lost"]
    assert [line["requests"] for line in lost] == [3]
