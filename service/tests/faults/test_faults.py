"""`make faults`: the promises, attacked. Minutes; not among the tests of every day."""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pytest
from fault_checker import Violation, judged, violations_of
from fault_history import History, KeyHistory
from fault_load import Manager, User
from fault_storm import Fault, Storm, of_postgresql, of_sqlite, of_valkey, of_workers
from postgres_server import ON_POSTGRESQL, PostgresServer
from processes import Operator, Server, wait_until
from valkey_server import ValkeyServer

from keyfob.domain.audit import AuditQuestion
from keyfob.domain.authority import operator_of
from keyfob.domain.commands import KeyDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.errors import NotFound
from keyfob.model import ALL_SCOPES, EVERY_SITE_IDS, RateLimit

pytestmark = pytest.mark.faults

REQUESTS = int(os.environ.get("FAULT_REQUESTS", "100000"))
EACH_FAULT = int(os.environ.get("FAULT_TIMES", "5"))
LONGEST_SECONDS = 20.0
USERS, MANAGERS = 8, 3
MOST_SECONDS = 1500
PATIENCE = {"KEYFOB_STATEMENT_TIMEOUT_MS": "3000", "KEYFOB_CONNECT_TIMEOUT_SECONDS": "2"}
SETTINGS = {"KEYFOB_GUESSES_PER_MINUTE": "1000000", "KEYFOB_MAX_KEYS_PER_ORGANIZATION": "1000000"}


@dataclass
class Run:
    """Servers, and what is done to them."""

    operator: Operator
    servers: list[Server]
    faults: list[Fault]
    history: History = field(default_factory=History)


@contextmanager
def on_postgresql(folder: Path, rng: random.Random) -> Generator[Run]:
    """Two hosts with two workers each, on one PostgreSQL and one Valkey."""
    postgres, valkey = PostgresServer(), ValkeyServer(folder)
    try:
        postgres.start()
        valkey.start()
        postgres.migrate_template()
        database = postgres.new_database()
        operator = Operator(
            folder,
            settings={
                "DATABASE_URL": postgres.url(database),
                "KEYFOB_PEPPER": ON_POSTGRESQL["KEYFOB_PEPPER"],
                "REDIS_URL": valkey.url,
                **PATIENCE,
                **SETTINGS,
            },
        )
        with served(operator) as servers:
            faults = of_workers(servers, rng) + of_postgresql(postgres, database)
            yield Run(operator, servers, faults + of_valkey(valkey))
    finally:
        postgres.thaw()
        postgres.close()
        valkey.thaw()
        valkey.close()


@contextmanager
def on_sqlite(folder: Path, rng: random.Random) -> Generator[Run]:
    """Two processes on one file."""
    file = folder / "keyfob.db"
    operator = Operator(
        folder,
        settings={
            "DATABASE_URL": f"sqlite:///{file}",
            "KEYFOB_PEPPER": ON_POSTGRESQL["KEYFOB_PEPPER"],
            "KEYFOB_LIMITS": "process",
            **SETTINGS,
        },
    )
    with served(operator) as servers:
        yield Run(operator, servers, of_workers(servers, rng) + of_sqlite(file))


@contextmanager
def served(operator: Operator) -> Generator[list[Server]]:
    with ExitStack() as stack:
        yield [stack.enter_context(operator.serving("--workers", "2")) for _ in range(2)]


@pytest.mark.parametrize("store", ["postgresql", "sqlite"])
def test_no_promise_is_broken_in_a_storm(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(7)
    world = on_postgresql if store == "postgresql" else on_sqlite
    with world(tmp_path, rng) as run:
        organization, admin_key = admin_of(run.operator)
        storm = Storm(run.faults)
        began = time.monotonic()
        changes = weather(run, storm, admin_key)
        seconds = time.monotonic() - began
        wait_until(lambda: all(is_well(server) for server in run.servers), 60)
        time.sleep(3)  # the last use is written down
        violations = [*violations_of(run.history, LONGEST_SECONDS)]
        with run.operator.opened() as keyfob:
            violations += afterwards(keyfob, organization, run.history)
            violations += usage(keyfob, run.history, storm.counts["a worker is killed"])
    text = report(store, run.history, storm, changes, seconds, violations)
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201  the report is what it is run for
    assert not violations
    assert min(storm.counts.values()) >= EACH_FAULT


def admin_of(operator: Operator) -> tuple[str, str]:
    made = operator.organization()
    draft = KeyDraft("storm", ALL_SCOPES, EVERY_SITE_IDS, rate_limit=RateLimit(1_000_000, 1))
    with operator.opened() as keyfob:
        return made.id, keyfob.api_keys.create(operator_of(made.id), draft)[1]


def weather(run: Run, storm: Storm, admin_key: str) -> int:
    """Let users, managers and the storm work until there was enough of each."""
    ports = [server.port for server in run.servers]
    users = [User(run.history, ports, seed) for seed in range(USERS)]
    managers = [Manager(run.history, ports, admin_key, seed) for seed in range(MANAGERS)]
    stop_load, stop_storm = Event(), Event()
    load = [Thread(target=each.go_on, args=[stop_load]) for each in (*users, *managers)]
    blowing = Thread(target=storm.go_on, args=[stop_storm])
    for thread in (*load, blowing):
        thread.start()
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline and not (
        sum(user.sent for user in users) >= REQUESTS and min(storm.counts.values()) >= EACH_FAULT
    ):
        assert all(thread.is_alive() for thread in (*load, blowing)), "the load itself has failed"
        threading.Event().wait(1)
    stop_storm.set()
    blowing.join()
    stop_load.set()
    for thread in load:
        thread.join()
    return sum(manager.changes for manager in managers)


def is_well(server: Server) -> bool:
    try:
        return server.get("/readyz").json() == {"status": "ready"}
    except Exception:  # noqa: BLE001  it is not, then
        return False


def afterwards(keyfob: Keyfob, organization_id: str, history: History) -> Iterator[Violation]:
    """Answer what is missing, or is there though it was refused."""
    report = keyfob.audit_chains.verify(organization_id)
    if report.flaw is not None:
        yield Violation("an unbroken audit chain", report.flaw.explanation)
    actor = operator_of(organization_id)
    for key in history.keys.values():
        question = AuditQuestion(key_id=key.id)
        events = keyfob.audit.list(actor, question, limit=100, cursor=None).items
        if [event.action for event in reversed(events)] != key.audited:
            yield Violation(
                "what was confirmed is there, and nothing else",
                f"{key.name}: {[event.action for event in reversed(events)]}, not {key.audited}",
            )
        yield from _state_of(keyfob, organization_id, key)


def _state_of(keyfob: Keyfob, organization_id: str, key: KeyHistory) -> Iterator[Violation]:
    try:
        kept = keyfob.api_keys.get(operator_of(organization_id), key.id)
    except NotFound:
        if not key.deleted:
            yield Violation("what was confirmed is there, and nothing else", f"{key.name} is gone")
        return
    version = 1 + key.audited.count("apiKey.rotated")
    if key.deleted or kept.secret_version != version:
        yield Violation("what was confirmed is there, and nothing else", f"{key.name} is another")


def usage(keyfob: Keyfob, history: History, kills: int) -> Iterator[Violation]:
    """Compare what was counted with what was sent and answered; deleted keys take theirs along."""
    sent: Counter[str] = Counter()
    answered: Counter[str] = Counter()
    for use in history.uses:
        sent[use.key] += 1
        answered[use.key] += use.outcome not in {"CUT", "UNAVAILABLE", "API_KEY_INVALID"}
    missing = 0
    for key in history.keys.values():
        if key.deleted:
            continue
        counted = keyfob.store.usage.total(key.id)
        missing += max(0, answered[key.id] - counted)
        if counted > sent[key.id]:
            yield Violation("never above the truth", f"{key.name}: {counted} of {sent[key.id]}")
    seconds = Counter(int(use.ended) for use in history.uses)
    allowed = kills * max(seconds.values(), default=0)
    if missing > allowed:
        yield Violation("at most a second's use per kill", f"{missing} uses are not counted")


def report(
    store: str,
    history: History,
    storm: Storm,
    changes: int,
    seconds: float,
    violations: list[Violation],
) -> str:
    """Say what was done, what came of it, and what was broken."""
    outcomes = judged(history)
    longest = max(use.ended - use.began for use in history.uses)
    lines = [
        (
            f"{store}: {len(history.uses)} requests were judged in {seconds:.0f} s, while"
            f" {len(history.keys)} keys were changed {changes} times."
        ),
        "  became of them: " + ", ".join(f"{k} {n}" for k, n in outcomes.most_common()),
        "  meanwhile: " + ", ".join(f"{name} {n} times" for name, n in storm.counts.items()),
        f"  the longest took {longest:.1f} s",
        f"  violations: {len(violations)}",
    ]
    lines += [f"    {each.promise}: {each.told}" for each in violations[:20]]
    if folder := os.environ.get("FAULT_REPORTS"):
        told: dict[str, object] = {
            "store": store,
            "outcomes": outcomes,
            "faults": storm.counts,
            "changes": changes,
        }
        told["violations"] = [f"{each.promise}: {each.told}" for each in violations]
        Path(folder, f"faults-{store}.json").write_text(json.dumps(told, indent=1))
    return "\n".join(lines)
