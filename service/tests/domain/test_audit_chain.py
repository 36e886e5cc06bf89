"""Whoever tampers with the store is found out, at the first place that he touched."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from world import Organization

from keyfob.domain.audit_chain import AuditChains, ChainReport, Flaw, FlawKind
from keyfob.domain.commands import SiteDraft
from keyfob.domain.keyfob import Keyfob
from keyfob.store.audit import AuditEvent, ChainEnd

pytestmark = pytest.mark.sqlite_only  # which takes anything in any column

LENGTH = 12
BETWEEN = 1.5
HERE = "organization_id = :here AND sequence"

Tamper = Callable[..., None]


@pytest.fixture
def organization(keyfob: Keyfob, acme: Organization) -> Organization:
    """An organisation whose chain has twelve events."""
    operator = keyfob.organizations.operator_in(acme.id)
    for number in range(LENGTH - 3):
        keyfob.sites.create(operator, SiteDraft(f"site {number}"))
    return acme


@pytest.fixture
def tamper(keyfob: Keyfob, organization: Organization) -> Tamper:
    """Runs SQL in which ``:here`` is the organisation, with nothing in its way."""
    database = keyfob.store.database
    for word in ("update", "delete"):
        database.execute_sql(f"DROP TRIGGER audit_event_refuses_{word}")
    database.execute_sql("PRAGMA foreign_keys = OFF")

    def run(*statements: str, **values: Any) -> None:
        for statement in statements:
            parameters = {"here": organization.id, **values}
            database.connection().execute(statement, parameters)

    return run


@pytest.fixture
def ids(keyfob: Keyfob, organization: Organization) -> list[str]:
    """The ids of the untouched events; the first place stands for nothing."""
    return ["", *(event.id for event in keyfob.store.audit.chain(organization.id, None, 100))]


@pytest.fixture
def verify(keyfob: Keyfob, organization: Organization) -> Callable[..., ChainReport]:
    def verify(expected: ChainEnd | None = None) -> ChainReport:
        return keyfob.audit_chains.verify(organization.id, expected)

    return verify


Verify = Callable[..., ChainReport]


def flaw_of(report: ChainReport) -> tuple[FlawKind, int, str | None]:
    flaw = report.flaw
    assert isinstance(flaw, Flaw)
    assert report.end.sequence == flaw.sequence - 1 or flaw.event_id is None
    return flaw.kind, flaw.sequence, flaw.event_id


def test_an_untouched_chain_is_whole_and_its_end_is_the_organisations(
    keyfob: Keyfob, organization: Organization, verify: Verify
) -> None:
    report = verify()

    assert (report.flaw, report.end.sequence) == (None, LENGTH)
    assert report.end == keyfob.store.audit.end(organization.id)
    assert verify(report.end).flaw is None


def test_an_end_that_was_noted_before_is_passed_on_the_way(
    keyfob: Keyfob, organization: Organization, verify: Verify
) -> None:
    noted = verify().end
    keyfob.sites.create(keyfob.organizations.operator_in(organization.id), SiteDraft("later"))

    assert verify(noted).flaw is None
    assert verify(ChainEnd()).flaw is None


@pytest.mark.parametrize("column", [field.name for field in fields(AuditEvent)])
def test_an_altered_column_is_found(
    keyfob: Keyfob, tamper: Tamper, verify: Verify, ids: list[str], column: str
) -> None:
    expected = {
        "organization_id": (FlawKind.MISSING, 5, None),
        "sequence": (FlawKind.MISPLACED, 5, ids[5]),
    }.get(column, (FlawKind.ALTERED, 5, ids[5]))
    for value in ("forged", "", b"forged", BETWEEN):
        if column == "id":
            expected = (FlawKind.ALTERED, 5, str(value) if value == BETWEEN else value)
        if (column, value) == ("sequence", BETWEEN):
            expected = (FlawKind.ADDED, 2, ids[5])
        with keyfob.store.database.atomic() as undone:
            tamper(f"UPDATE audit_event SET {column} = :value WHERE {HERE} = 5", value=value)
            assert flaw_of(verify()) == expected
            undone.rollback()
    assert verify().flaw is None


@pytest.mark.parametrize("column", ["before", "after", "request_id"])
def test_null_and_empty_are_not_alike(
    tamper: Tamper, verify: Verify, ids: list[str], column: str
) -> None:
    tamper(
        f"UPDATE audit_event SET {column} = CASE WHEN {column} IS NULL THEN '' ELSE NULL END"
        f" WHERE {HERE} = 5"
    )

    assert flaw_of(verify()) == (FlawKind.ALTERED, 5, ids[5])


def test_text_that_moved_from_one_column_to_the_next_is_found(
    tamper: Tamper, verify: Verify, ids: list[str]
) -> None:
    tamper(
        "UPDATE audit_event SET actor_type = substr(actor_id, -1) || actor_type,"
        f" actor_id = substr(actor_id, 1, length(actor_id) - 1) WHERE {HERE} = 5"
    )

    assert flaw_of(verify()) == (FlawKind.ALTERED, 5, ids[5])


@pytest.mark.parametrize("first", [1, 5])
def test_a_removed_event_is_found(tamper: Tamper, verify: Verify, first: int) -> None:
    tamper(f"DELETE FROM audit_event WHERE {HERE} = {first}")

    assert flaw_of(verify()) == (FlawKind.MISSING, first, None)


def test_a_removed_event_is_found_though_the_gap_was_closed(
    tamper: Tamper, verify: Verify, ids: list[str]
) -> None:
    tamper(
        f"DELETE FROM audit_event WHERE {HERE} = 5",
        f"UPDATE audit_event SET sequence = -sequence WHERE {HERE} > 5",
        f"UPDATE audit_event SET sequence = -sequence - 1 WHERE {HERE} < 0",
    )

    assert flaw_of(verify()) == (FlawKind.ALTERED, 5, ids[6])


def test_swapped_events_are_found_and_both_are_named(
    tamper: Tamper, verify: Verify, ids: list[str]
) -> None:
    tamper(
        f"UPDATE audit_event SET sequence = -5 WHERE {HERE} = 5",
        f"UPDATE audit_event SET sequence = 5 WHERE {HERE} = 9",
        f"UPDATE audit_event SET sequence = 9 WHERE {HERE} = -5",
    )

    report = verify()

    assert flaw_of(report) == (FlawKind.MISPLACED, 5, ids[9])
    assert report.flaw is not None
    assert f"event {ids[5]}, which belongs here, stands at 9" in report.flaw.explanation


COPY = (
    "INSERT INTO audit_event SELECT organization_id, {sequence}, 'evt_forged', at, action,"
    " actor_type, actor_id, target_type, target_id, before, after, request_id, hash"
    f" FROM audit_event WHERE {HERE} = 5"
)


def test_an_inserted_event_is_found_though_room_was_made(tamper: Tamper, verify: Verify) -> None:
    tamper(
        f"UPDATE audit_event SET sequence = -sequence WHERE {HERE} > 5",
        f"UPDATE audit_event SET sequence = -sequence + 1 WHERE {HERE} < 0",
        COPY.format(sequence=6),
    )

    assert flaw_of(verify()) == (FlawKind.MISPLACED, 6, "evt_forged")


def test_an_event_inserted_before_the_first_is_found(tamper: Tamper, verify: Verify) -> None:
    for sequence in (0, -1):
        tamper(COPY.format(sequence=sequence))
        assert flaw_of(verify()) == (FlawKind.ADDED, 1, "evt_forged")
        tamper(f"DELETE FROM audit_event WHERE {HERE} < 1")


def test_an_event_appended_without_the_pepper_is_found(tamper: Tamper, verify: Verify) -> None:
    tamper(
        COPY.format(sequence=LENGTH + 1),
        "UPDATE organization SET audit_sequence = audit_sequence + 1 WHERE id = :here",
    )

    assert flaw_of(verify()) == (FlawKind.ALTERED, LENGTH + 1, "evt_forged")


def test_a_cut_end_is_found(tamper: Tamper, verify: Verify) -> None:
    tamper(f"DELETE FROM audit_event WHERE {HERE} > 9")

    assert flaw_of(verify()) == (FlawKind.MISSING, 10, None)


def test_a_cut_end_is_found_by_its_noted_head_though_the_organisation_was_set_back(
    tamper: Tamper, verify: Verify
) -> None:
    noted = verify().end
    tamper(
        f"DELETE FROM audit_event WHERE {HERE} > 9",
        "UPDATE organization SET audit_sequence = 9, audit_head ="
        f" (SELECT hash FROM audit_event WHERE {HERE} = 9) WHERE id = :here",
    )

    assert verify().flaw is None
    assert flaw_of(verify(noted)) == (FlawKind.MISSING, 10, None)


def test_an_emptied_chain_is_found_though_the_organisation_was_set_back(
    tamper: Tamper, verify: Verify
) -> None:
    """No organisation is without the event of its own creation."""
    tamper(
        "DELETE FROM audit_event WHERE organization_id = :here",
        "UPDATE organization SET audit_sequence = 0, audit_head = '' WHERE id = :here",
    )

    assert flaw_of(verify()) == (FlawKind.MISSING, 1, None)


def test_what_was_never_an_organisation_has_no_chain(keyfob: Keyfob) -> None:
    with pytest.raises(LookupError):
        keyfob.audit_chains.verify("org_absent")


def test_a_chain_that_was_cut_and_continued_is_found_by_its_noted_head(
    keyfob: Keyfob, organization: Organization, tamper: Tamper, verify: Verify
) -> None:
    noted = verify().end
    tamper(
        f"DELETE FROM audit_event WHERE {HERE} > 9",
        "UPDATE organization SET audit_sequence = 9, audit_head ="
        f" (SELECT hash FROM audit_event WHERE {HERE} = 9) WHERE id = :here",
    )
    for number in range(5):
        operator = keyfob.organizations.operator_in(organization.id)
        keyfob.sites.create(operator, SiteDraft(f"anew {number}"))

    assert verify().flaw is None
    kind, sequence, _ = flaw_of(verify(noted))
    assert (kind, sequence) == (FlawKind.ALTERED, LENGTH)


def test_a_genuine_event_of_a_time_that_was_cut_off_is_found(
    keyfob: Keyfob, organization: Organization, tamper: Tamper, verify: Verify, ids: list[str]
) -> None:
    tamper(
        f"CREATE TABLE kept AS SELECT * FROM audit_event WHERE {HERE} = 11",
        f"DELETE FROM audit_event WHERE {HERE} > 9",
        "UPDATE organization SET audit_sequence = 9, audit_head ="
        f" (SELECT hash FROM audit_event WHERE {HERE} = 9) WHERE id = :here",
    )
    for number in range(3):
        operator = keyfob.organizations.operator_in(organization.id)
        keyfob.sites.create(operator, SiteDraft(f"anew {number}"))
    tamper(
        f"DELETE FROM audit_event WHERE {HERE} = 11",
        "INSERT INTO audit_event SELECT * FROM kept",
    )

    assert flaw_of(verify()) == (FlawKind.ALTERED, 11, ids[11])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("audit_sequence = 9", (FlawKind.ADDED, 10, None)),
        ("audit_sequence = 13", (FlawKind.MISSING, 13, None)),
        ("audit_head = 'f'", (FlawKind.ALTERED, LENGTH, None)),
    ],
)
def test_an_organisation_whose_own_note_was_altered_is_found(
    tamper: Tamper, verify: Verify, change: str, expected: tuple[FlawKind, int, None]
) -> None:
    tamper(f"UPDATE organization SET {change} WHERE id = :here")

    report = verify()

    assert report.flaw is not None
    assert (report.flaw.kind, report.flaw.sequence, report.flaw.event_id) == expected


def test_under_another_pepper_the_first_event_is_wrong(
    keyfob: Keyfob, organization: Organization, ids: list[str]
) -> None:
    report = AuditChains(keyfob.store, b"another pepper").verify(organization.id)

    assert flaw_of(report) == (FlawKind.ALTERED, 1, ids[1])
    assert report.flaw is not None
    assert "or the pepper is not the one" in report.flaw.explanation


def test_another_organisations_chain_is_another(
    keyfob: Keyfob, tamper: Tamper, verify: Verify
) -> None:
    other = keyfob.organizations.create("Globex", "admin@globex.example").id
    tamper("UPDATE audit_event SET after = '{}' WHERE organization_id = :other", other=other)

    assert verify().flaw is None
    assert keyfob.audit_chains.verify(other).flaw is not None


def test_a_chain_of_many_batches_is_followed_while_others_append(
    keyfob: Keyfob, organization: Organization
) -> None:
    operator = keyfob.organizations.operator_in(organization.id)
    with keyfob.store.transaction():
        for number in range(2500):
            keyfob.sites.create(operator, SiteDraft(str(number)))
    looked_at: list[int] = []

    def append_meanwhile(count: int) -> None:
        if len(looked_at) < 3:
            keyfob.sites.create(operator, SiteDraft("meanwhile"))
        looked_at.append(count)

    report = keyfob.audit_chains.verify(organization.id, None, append_meanwhile)

    assert report.flaw is None
    assert report.end.sequence == LENGTH + 2500 + 3 == sum(looked_at)
