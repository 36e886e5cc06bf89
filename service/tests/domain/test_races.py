"""Several workers change one store in PostgreSQL at once, and each outcome is one of a sequence."""

import random
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import pytest
from postgres_server import PostgresServer
from processes import DEADLINE_SECONDS, wait_until
from usage_records import record_of
from world import START

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.commands import KeyDraft, SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import KeyIsRevoked, KeyQuotaReached
from keyfob.model import EVERY_SITE_IDS, Actor, RevokedReason, Scope
from keyfob.settings import Settings
from keyfob.store.usage import Kind
from keyfob.usage import Recorder

pytestmark = pytest.mark.postgresql_only

DRAFT = KeyDraft("key", Scope.KEYS_READ, EVERY_SITE_IDS)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def somebody_waits(postgres: PostgresServer, settings: Settings) -> Callable[[], bool]:
    """Says whether a session waits for a lock of another."""
    name = settings.database_url.rpartition("/")[2]
    waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    return lambda: postgres.execute(f"{waiting} AND datname = '{name}'") == [(True,)]


@contextmanager
def left_open(keyfob: Keyfob, work: Callable[[], object]) -> Generator[Callable[[], None]]:
    """Do something in another thread's transaction, which ends when it is told to."""
    done, may_end = Event(), Event()

    def stay() -> None:
        with keyfob.store.transaction():
            work()
            done.set()
            assert may_end.wait(DEADLINE_SECONDS)

    with ThreadPoolExecutor(1) as thread:
        staying = thread.submit(stay)
        try:
            assert done.wait(DEADLINE_SECONDS)
            yield lambda: (may_end.set(), staying.result())[1]
        finally:
            may_end.set()


def test_what_another_worker_is_counting_of_a_key_is_in_the_total_of_its_deletion(
    keyfob: Keyfob,
    operator: Actor,
    threads: ThreadPoolExecutor,
    somebody_waits: Callable[[], bool],
) -> None:
    key, _ = keyfob.api_keys.create(operator, DRAFT)
    keyfob.api_keys.revoke(operator, key.id, RevokedReason.UNUSED)

    def count() -> None:
        assert keyfob.store.usage.hold([key.id]) == {key.id}
        keyfob.store.usage.count(key.id, Kind(START, "listApiKeys", "", "OK"), 5)

    with left_open(keyfob, count) as end:
        deleting = threads.submit(keyfob.api_keys.delete, operator, key.id)
        wait_until(somebody_waits)
        end()
        deleting.result()

    (event, *_) = keyfob.audit.list(operator, AuditQuestion(), limit=1, cursor=None).items
    assert '"requests":5' in str(event.before)


def test_use_of_a_key_that_is_being_deleted_is_forgotten_with_it(
    keyfob: Keyfob,
    operator: Actor,
    threads: ThreadPoolExecutor,
    somebody_waits: Callable[[], bool],
) -> None:
    gone, _ = keyfob.api_keys.create(operator, DRAFT)
    stays, _ = keyfob.api_keys.create(operator, DRAFT)
    keyfob.api_keys.revoke(operator, gone.id, RevokedReason.UNUSED)
    for key in (gone, stays):
        keyfob.usage.record(record_of(key_id=key.id, organization_id=operator.organization_id))
    recorder = keyfob.usage
    keyfob_of_another_worker = Recorder(keyfob.store, keyfob.clock, scope_of={}.get, trace_days=7)
    for key in (gone, stays):
        keyfob_of_another_worker.record(
            record_of(key_id=key.id, organization_id=operator.organization_id)
        )
    recorder.flush()

    def delete() -> None:
        keyfob.api_keys.delete(operator, gone.id)

    with left_open(keyfob, delete) as end:
        flushing = threads.submit(keyfob_of_another_worker.flush)
        wait_until(somebody_waits)
        end()
        flushing.result()

    assert (keyfob.store.usage.total(gone.id), keyfob.store.usage.total(stays.id)) == (0, 2)


def test_a_key_is_judged_anew_when_somebody_else_changed_it_first(
    keyfob: Keyfob,
    operator: Actor,
    threads: ThreadPoolExecutor,
    somebody_waits: Callable[[], bool],
) -> None:
    key, _ = keyfob.api_keys.create(operator, DRAFT)

    def revoke() -> None:
        keyfob.api_keys.revoke(operator, key.id, RevokedReason.COMPROMISED)

    with left_open(keyfob, revoke) as end:
        rotating = threads.submit(keyfob.api_keys.rotate, operator, key.id)
        wait_until(somebody_waits)
        end()
        with pytest.raises(KeyIsRevoked):
            rotating.result()

    assert keyfob.api_keys.get(operator, key.id).secret_version == 1


def test_the_last_place_goes_to_one(
    keyfob: Keyfob, operator: Actor, threads: ThreadPoolExecutor, max_keys: int
) -> None:
    def create(_number: int) -> bool:
        with suppress(KeyQuotaReached):
            return bool(keyfob.api_keys.create(operator, DRAFT))
        return False

    made = list(threads.map(create, range(max_keys + 10)))

    assert made.count(True) == max_keys - 1  # Acme's own key is there already
    assert keyfob.audit_chains.verify(operator.organization_id).flaw is None


def test_of_concurrent_rotations_each_value_but_the_last_is_dead(
    keyfob: Keyfob, operator: Actor, threads: ThreadPoolExecutor
) -> None:
    key, first = keyfob.api_keys.create(operator, DRAFT)

    rotations = [
        each.result()
        for each in [threads.submit(keyfob.api_keys.rotate, operator, key.id) for _ in range(24)]
    ]

    versions = {first: 1} | {value: rotated.secret_version for rotated, value in rotations}
    assert sorted(versions.values()) == list(range(1, 26))
    for value, version in versions.items():
        found = keyfob.authentication.identify(value)
        assert found is not None
        assert (found.secret_version, found.current_secret_version) == (version, 25)


def test_workers_that_change_count_and_delete_at_once_never_wait_in_a_ring(
    keyfob: Keyfob, operator: Actor, threads: ThreadPoolExecutor
) -> None:
    """A ring is broken by the server after a second, and one of those in it is Unavailable."""
    keys = [keyfob.api_keys.create(operator, DRAFT)[0].id for _ in range(8)]
    doomed = [keyfob.api_keys.create(operator, DRAFT)[0].id for _ in range(8)]
    for key_id in doomed:
        keyfob.api_keys.revoke(operator, key_id, RevokedReason.UNUSED)
    turns = 12

    def count(seed: int) -> None:
        own = random.Random(seed)
        recorder = Recorder(keyfob.store, keyfob.clock, scope_of={}.get, trace_days=7)
        for _ in range(turns):
            for key_id in own.sample(keys + doomed, 10):
                agent = f"agent{own.randrange(4)}/1"
                recorder.record(record_of(key_id=key_id, user_agent=agent, status=404))
            recorder.flush()

    def change(seed: int) -> None:
        own = random.Random(seed)
        for turn in range(turns):
            keyfob.api_keys.edit(operator, own.choice(keys), {"name": f"{seed}.{turn}"})
            keyfob.sites.create(operator, SiteDraft(f"{seed}.{turn}"))

    def delete(key_ids: list[str]) -> None:
        for key_id in key_ids:
            keyfob.api_keys.delete(operator, key_id)

    halves = doomed[::2], doomed[1::2]
    works = [threads.submit(count, seed) for seed in range(4)]
    works += [threads.submit(change, seed) for seed in range(2)]
    works += [threads.submit(delete, half) for half in halves]
    for work in works:
        work.result()

    assert not keyfob.store.usage.hold(doomed)
    assert keyfob.audit_chains.verify(operator.organization_id).flaw is None
