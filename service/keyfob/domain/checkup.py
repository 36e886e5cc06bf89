"""A look at everything that an operator has set up; nothing is made, migrated or changed."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

from keyfob.errors import Unavailable
from keyfob.limits import open_limiter
from keyfob.model import Clock
from keyfob.pepper import is_known_pepper, load_pepper, pepper_file
from keyfob.settings import Settings, StartRefused
from keyfob.store.database import open_database, store_errors
from keyfob.store.dialect import StoreDatabase
from keyfob.store.migrate import check_schema
from keyfob.store.store import Store

MOST_SECONDS_AHEAD = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one thing.

    Attributes:
        remedy: what to do about it; None if all is well.
    """

    about: str
    told: str
    remedy: str | None = None


def examine(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Answer what there is to say, thing by thing; what depends on a broken one is left out."""
    yield Finding("settings", "all are known, and each is one that it can be")
    yield from _guarded("store", lambda: _examine_store(settings, clock))
    yield from _guarded("limiter", lambda: _examine_limiter(settings, clock))


def _guarded(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except StartRefused as refusal:
        problem, _, remedy = str(refusal).partition(". ")
        yield Finding(about, problem, remedy or "See the README.")
    except Unavailable as outage:
        yield Finding(
            about, f"does not answer: {outage.__cause__}", "Look at what DATABASE_URL names."
        )


def _examine_store(settings: Settings, clock: Clock) -> Iterator[Finding]:
    with closing(open_database(settings)) as database:
        with store_errors():
            exists = database.exists()
        if not exists:
            yield Finding(
                "store",
                f"there is none yet at {database.place}",
                "Make it with `keyfob create-organization`, or set DATABASE_URL.",
            )
            return
        yield _look_up(database)
        yield from _guarded("schema", lambda: _examine_schema(database))
        yield from _guarded("pepper", lambda: _examine_pepper(settings, database))
        with store_errors():
            yield _examine_clock(database, clock)
            for ailment in database.ailments():
                yield Finding("store", ailment.problem, ailment.remedy)


def _look_up(database: StoreDatabase) -> Finding:
    began = time.perf_counter()
    with store_errors():
        database.execute_sql("SELECT 1").fetchone()
    milliseconds = (time.perf_counter() - began) * 1000
    return Finding("store", f"{database.place} answers in {milliseconds:.1f} ms")


def _examine_schema(database: StoreDatabase) -> Iterator[Finding]:
    check_schema(database)
    yield Finding("schema", "is the one that this version knows")
    organizations = Store(database).organizations.list()
    if organizations:
        keys = sum(each.key_count for each in organizations)
        yield Finding("store", f"holds {len(organizations)} organisations with {keys} keys")
    else:
        yield Finding("store", "holds no organisation", "Run `keyfob create-organization`.")


def _examine_pepper(settings: Settings, database: StoreDatabase) -> Iterator[Finding]:
    file = pepper_file(settings)
    if settings.pepper is None and file is not None and not file.exists():
        yield Finding(
            "pepper",
            f"there is none at {file}",
            "Restore it from a backup, or set KEYFOB_PEPPER: without it no key is recognised.",
        )
        return
    known = is_known_pepper(database, load_pepper(settings))
    if known is None:
        yield Finding("pepper", "will be this store's from its first start on")
    elif known:
        yield Finding("pepper", "is the one that this store was made with")
    else:
        yield Finding(
            "pepper",
            "is not the one that this store was made with: no key is recognised",
            "Set KEYFOB_PEPPER to the old one, or restore the .pepper file beside the database.",
        )


def _examine_clock(database: StoreDatabase, clock: Clock) -> Finding:
    ahead = database.seconds_ahead(clock())
    if abs(ahead) <= MOST_SECONDS_AHEAD:
        return Finding("clock", "agrees with the store's")
    return Finding(
        "clock",
        f"the store's is {ahead:+.1f} seconds ahead: keys expire at the wrong time on some host",
        "Let all hosts take their time from NTP.",
    )


def _examine_limiter(settings: Settings, clock: Clock) -> Iterator[Finding]:
    limiter = open_limiter(settings, clock)
    try:
        answers = limiter.check()
    finally:
        with suppress(Unavailable):
            limiter.close()
    if not answers:
        yield Finding(
            "limiter",
            "the server that REDIS_URL names does not answer: requests pass uncounted",
            "Start it, or mend REDIS_URL.",
        )
    elif settings.redis_url is not None and settings.limits != "process":
        yield Finding("limiter", "is shared, and counts")
    elif settings.database_file is None and settings.limits != "process":
        yield Finding(
            "limiter",
            "each process counts alone, and the store is there for several",
            "Set REDIS_URL, or KEYFOB_LIMITS=process if that does not matter to you.",
        )
    else:
        yield Finding("limiter", "counts in each process alone")
