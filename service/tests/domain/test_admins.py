"""Admins, their passwords and their sessions."""

from collections.abc import Callable
from typing import Literal

import pytest
from argon2 import PasswordHasher
from trail import events, facts
from world import Organization, SettableClock

from keyfob.domain.admins import actor_of_admin
from keyfob.domain.authority import operator_of
from keyfob.domain.keyfob import Keyfob
from keyfob.domain.opening import open_keyfob
from keyfob.domain.sign_ins import Attempt
from keyfob.errors import AdminExists, NotFound, RateLimited, SignInFailed, ValidationFailed
from keyfob.settings import Settings
from keyfob.store.admins import Admin

pytestmark = pytest.mark.both_stores

ADA = "Ada@acme.example"


@pytest.fixture
def password(keyfob: Keyfob, acme: Organization) -> str:
    return keyfob.admins.create(acme.id, ADA)


def attempt(password: str, email: str = ADA, **other: str) -> Attempt:
    return Attempt(email, password, **{"client": "192.0.2.1", "request_id": "req_1"} | other)


@pytest.fixture
def ada(keyfob: Keyfob, password: str) -> Admin:
    return keyfob.sign_ins.admin_of(attempt(password))


def test_an_admin_is_let_in_however_the_address_is_typed(keyfob: Keyfob, password: str) -> None:
    admin = keyfob.sign_ins.admin_of(attempt(password, ADA.upper()))
    assert admin.email == ADA.casefold()


def test_an_address_belongs_to_one_admin_of_all_organisations(
    keyfob: Keyfob, password: str, new_organization: Callable[[str], Organization]
) -> None:
    assert password
    with pytest.raises(AdminExists):
        keyfob.admins.create(new_organization("Globex").id, ADA.lower())
    with pytest.raises(NotFound):
        keyfob.admins.create("org_nowhere", "new@acme.example")


def test_admins_see_those_of_their_own_organisation(
    keyfob: Keyfob, ada: Admin, new_organization: Callable[[str], Organization]
) -> None:
    new_organization("Globex")
    listed = keyfob.admins.of_organization(actor_of_admin(ada))
    assert {admin.email for admin in listed} == {"admin@acme.example", ADA.lower()}


@pytest.mark.parametrize("email", [ADA, "nobody@acme.example"])
def test_wrong_password_and_unknown_address_are_told_alike(
    keyfob: Keyfob, password: str, email: str
) -> None:
    with pytest.raises(SignInFailed) as refusal:
        keyfob.sign_ins.admin_of(attempt(password + "x", email))
    assert refusal.value.details == {}


def test_a_reset_password_replaces_the_old_one_and_ends_every_session(
    keyfob: Keyfob, password: str, ada: Admin
) -> None:
    token = keyfob.admin_sessions.begin(ada)
    other = keyfob.admin_sessions.begin(ada)
    assert keyfob.admin_sessions.find(token)

    renewed = keyfob.admins.reset_password(ADA)

    assert keyfob.admin_sessions.find(token) is keyfob.admin_sessions.find(other) is None
    assert keyfob.sign_ins.admin_of(attempt(renewed)) == ada
    with pytest.raises(SignInFailed):
        keyfob.sign_ins.admin_of(attempt(password))
    with pytest.raises(NotFound):
        keyfob.admins.reset_password("nobody@acme.example")


@pytest.mark.parametrize("bad", ["too short", "x" * 201, "x" * 20, "my ada@acme.EXAMPLE"])
def test_a_password_that_is_easily_guessed_is_refused_and_changes_nothing(
    keyfob: Keyfob, password: str, ada: Admin, bad: str
) -> None:
    token = keyfob.admin_sessions.begin(ada)
    with pytest.raises(ValidationFailed):
        keyfob.admins.change_password(actor_of_admin(ada), ada, bad)
    assert keyfob.sign_ins.admin_of(attempt(password)) == ada
    assert keyfob.admin_sessions.find(token)


def test_changes_of_admins_are_audited(keyfob: Keyfob, acme: Organization, ada: Admin) -> None:
    keyfob.admins.change_password(actor_of_admin(ada, "req_2"), ada, "correct horse battery")
    keyfob.admins.reset_password(ADA)

    by_operator, by_herself, created = events(keyfob, operator_of(acme.id))[:3]
    assert {e.target_id for e in (by_operator, by_herself, created)} == {ada.id}
    assert by_operator.action == by_herself.action == "admin.passwordChanged"
    assert created.action == "admin.created"
    assert (by_operator.actor_type, by_operator.request_id) == ("operator", None)
    assert (by_herself.actor_id, by_herself.request_id) == (ada.id, "req_2")
    assert facts(by_herself) == (None, {"email": ADA.lower()})


def test_failed_sign_ins_are_audited_once_an_hour_and_of_each_admin(
    keyfob: Keyfob, acme: Organization, ada: Admin, clock: SettableClock
) -> None:
    def fail(email: str, client: str) -> None:
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(attempt("wrong", email, client=client))

    fail(ADA, "192.0.2.7")
    fail(ADA, "192.0.2.8")
    fail("admin@acme.example", "192.0.2.7")
    fail("nobody@acme.example", "192.0.2.7")
    clock.advance(seconds=3600)
    fail(ADA, "192.0.2.9")

    failed = [e for e in events(keyfob, operator_of(acme.id)) if e.action == "admin.signInFailed"]
    assert [facts(event)[1]["client"] for event in failed] == [
        "192.0.2.9",
        "192.0.2.7",
        "192.0.2.7",
    ]
    assert [event.target_id == ada.id for event in failed] == [True, False, True]
    assert failed[0].request_id == "req_1"


def test_a_session_lives_for_30_minutes_after_it_was_seen(
    keyfob: Keyfob, ada: Admin, clock: SettableClock
) -> None:
    token = keyfob.admin_sessions.begin(ada)
    for _ in range(3):
        clock.advance(seconds=1800 - 0.001)
        session = keyfob.admin_sessions.find(token)
        assert session is not None
        assert session.admin == ada
    clock.advance(seconds=1800)
    assert keyfob.admin_sessions.find(token) is None


def test_no_session_lives_longer_than_12_hours(
    keyfob: Keyfob, ada: Admin, clock: SettableClock
) -> None:
    token = keyfob.admin_sessions.begin(ada)
    for _ in range(47):
        clock.advance(seconds=900)
        assert keyfob.admin_sessions.find(token)
    clock.advance(seconds=900)
    assert keyfob.admin_sessions.find(token) is None


def test_the_password_counts_as_given_for_15_minutes(
    keyfob: Keyfob, ada: Admin, clock: SettableClock
) -> None:
    token = keyfob.admin_sessions.begin(ada)
    clock.advance(seconds=899)
    session = keyfob.admin_sessions.find(token)
    assert session is not None
    assert keyfob.admin_sessions.is_proven(session)
    clock.advance(seconds=1)
    assert not keyfob.admin_sessions.is_proven(session)

    keyfob.admin_sessions.prove(session)

    session = keyfob.admin_sessions.find(token)
    assert session is not None
    assert keyfob.admin_sessions.is_proven(session)


def test_signing_out_ends_this_session_alone(keyfob: Keyfob, ada: Admin) -> None:
    here, there = keyfob.admin_sessions.begin(ada), keyfob.admin_sessions.begin(ada)
    session = keyfob.admin_sessions.find(here)
    assert session is not None
    keyfob.admin_sessions.end(session)
    assert keyfob.admin_sessions.find(here) is None
    assert keyfob.admin_sessions.find(there)


def test_the_store_holds_no_token(keyfob: Keyfob, ada: Admin) -> None:
    token = keyfob.admin_sessions.begin(ada)
    rows = keyfob.store.database.execute_sql("select * from admin_session").fetchall()
    assert len(rows) == 1
    assert token not in str(rows)
    assert token.encode() not in rows[0][0]


def test_attempts_are_limited_by_address_and_by_account_and_nobody_is_locked_out(
    keyfob: Keyfob, password: str, ada: Admin, clock: SettableClock
) -> None:
    clock.advance(seconds=60)
    for number in range(100):
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(attempt("wrong", client=f"192.0.2.{number}"))

    with pytest.raises(RateLimited) as refusal:  # by whoever else is after the account
        keyfob.sign_ins.admin_of(attempt(password, client="198.51.100.1"))
    own = attempt(password, client="198.51.100.1", known_browser="hers")
    assert keyfob.sign_ins.admin_of(own) == ada

    clock.advance(seconds=refusal.value.retry_after_seconds)
    for number in range(10):
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(attempt("wrong", f"{number}@acme.example"))
    with pytest.raises(RateLimited) as refusal:
        keyfob.sign_ins.admin_of(attempt("wrong", "11@acme.example"))

    clock.advance(seconds=refusal.value.retry_after_seconds)
    assert keyfob.sign_ins.admin_of(attempt(password)) == ada


def test_one_address_that_guesses_keeps_nobody_out_who_comes_from_another(
    keyfob: Keyfob, password: str, ada: Admin, clock: SettableClock
) -> None:
    clock.advance(seconds=60)
    for _ in range(10):
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(attempt("wrong", client="192.0.2.1"))
    for _ in range(200):  # what the address's limit refuses is not charged to the account
        with pytest.raises(RateLimited):
            keyfob.sign_ins.admin_of(attempt("wrong", client="192.0.2.1"))
    assert keyfob.sign_ins.admin_of(attempt(password, client="198.51.100.1")) == ada


def test_an_unknown_address_costs_the_same_slow_comparison_as_a_wrong_password(
    settings: Settings, clock: SettableClock
) -> None:
    compared: list[str] = []

    class CountingHasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
            compared.append(str(hash))
            return super().verify(hash, password)

    hasher = CountingHasher(time_cost=1, memory_cost=8, parallelism=1)
    keyfob = open_keyfob(settings, clock=clock, password_hasher=hasher)
    keyfob.organizations.create("Acme", ADA)
    for email in (ADA, "nobody@acme.example"):
        with pytest.raises(SignInFailed):
            keyfob.sign_ins.admin_of(attempt("wrong", email))
    keyfob.store.database.close()
    known, unknown = compared
    assert known.split("$")[:4] == unknown.split("$")[:4]
    assert known.split("$")[1] == "argon2id"
