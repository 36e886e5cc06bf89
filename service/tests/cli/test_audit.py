"""``keyfob audit verify``: the operator's own eye on the trail."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from processes import Finished, Operator


def tamper(operator: Operator, *statements: str, **values: Any) -> None:
    with closing(sqlite3.connect(operator.database)) as connection, connection:
        for word in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS audit_event_refuses_{word}")
        for statement in statements:
            connection.execute(statement, values)


def heads(finished: Finished) -> dict[str, str]:
    """Answer the heads that were printed as text."""
    lines = [line.split() for line in finished.out.splitlines()]
    return {words[0]: words[-1] for words in lines if words[1] == "whole"}


def test_whole_chains_exit_with_0_and_print_their_heads_to_note_down(operator: Operator) -> None:
    acme, globex = operator.organization("Acme").id, operator.organization("Globex").id

    text = operator.run("audit", "verify")
    parsed = operator.run("audit", "verify", "--json")

    assert (text.code, parsed.code) == (0, 0)
    assert list(heads(text)) == [acme, globex]
    assert all(head.startswith("3:") for head in heads(text).values())
    assert json.loads(parsed.out) == {
        "whole": True,
        "organizations": [
            {"organizationId": each, "whole": True, "head": head, "flaw": None}
            for each, head in heads(text).items()
        ],
    }


def test_broken_chain_exits_with_1_and_is_named_beside_those_that_are_whole(
    operator: Operator,
) -> None:
    acme, globex = operator.organization("Acme").id, operator.organization("Globex").id
    tamper(
        operator,
        "UPDATE audit_event SET actor_id = 'me' WHERE organization_id = :id AND sequence = 2",
        id=acme,
    )

    text = operator.run("audit", "verify")
    parsed = operator.run("audit", "verify", "--json")
    alone = operator.run("audit", "verify", "--organization", globex)

    assert (text.code, parsed.code, alone.code) == (1, 1, 0)
    assert list(heads(text)) == list(heads(alone)) == [globex]
    broken, whole = json.loads(parsed.out)["organizations"]
    flaw = broken["flaw"]
    assert (flaw["kind"], flaw["sequence"], whole["whole"]) == ("altered", 2, True)
    assert (broken["whole"], broken["head"]) == (False, None)
    line = f"{acme}  BROKEN  event 2 ({flaw['eventId']}) altered: {flaw['explanation']}"
    assert line in text.out.splitlines()
    assert flaw["eventId"].startswith("evt_")


def test_event_under_the_name_of_no_organisation_is_named_and_missed_where_it_was(
    operator: Operator,
) -> None:
    acme, globex = operator.organization("Acme").id, operator.organization("Globex").id
    tamper(
        operator,
        "UPDATE audit_event SET organization_id = 'org_zz'"
        " WHERE organization_id = :id AND sequence = 2",
        id=acme,
    )

    finished = operator.run("audit", "verify")
    alone = operator.run("audit", "verify", "--organization", "org_zz", "--json")

    assert (finished.code, finished.err) == (1, "")
    assert list(heads(finished)) == [globex]
    first, _, last = finished.out.splitlines()
    assert first.startswith(f"{acme}  BROKEN  event 2 missing: ")
    assert last.startswith("org_zz  BROKEN  event 2 (evt_")
    assert alone.code == 1
    (report,) = json.loads(alone.out)["organizations"]
    assert (report["flaw"]["kind"], report["flaw"]["sequence"]) == ("orphaned", 2)


def test_ids_that_are_no_text_any_more_are_named_all_the_same(operator: Operator) -> None:
    operator.organization()
    tamper(
        operator, "UPDATE audit_event SET id = x'ff', organization_id = x'ff' WHERE sequence = 2"
    )

    text = operator.run("audit", "verify")
    parsed = operator.run("audit", "verify", "--json")

    assert (text.code, parsed.code) == (1, 1)
    flaw = json.loads(parsed.out)["organizations"][1]["flaw"]
    assert (flaw["kind"], flaw["eventId"]) == ("orphaned", repr(b"\xff"))


def test_organisation_that_was_taken_out_is_missed(operator: Operator) -> None:
    acme, globex = operator.organization("Acme").id, operator.organization("Globex").id
    tamper(operator, "DELETE FROM organization WHERE id = :id", id=acme)

    finished = operator.run("audit", "verify")

    assert (finished.code, finished.err) == (1, "")
    whole, broken = finished.out.splitlines()
    assert whole.startswith(f"{globex}  whole ")
    assert broken.startswith(f"{acme}  BROKEN  event 1 (evt_")
    assert "the organisation was taken out" in broken


def test_cut_end_is_found_by_the_head_that_was_noted(operator: Operator) -> None:
    acme = operator.organization().id
    noted = heads(operator.run("audit", "verify"))[acme]
    operator.run("create-key", "--name", "later")
    assert operator.run("audit", "verify", "--expect", noted).code == 0
    tamper(
        operator,
        "DELETE FROM audit_event WHERE sequence > 2",
        "UPDATE organization SET audit_sequence = 2,"
        " audit_head = (SELECT hash FROM audit_event WHERE sequence = 2)",
    )

    blind = operator.run("audit", "verify")
    finished = operator.run("audit", "verify", "--organization", acme, "--expect", noted)

    assert blind.code == 0
    assert finished.code == 1
    assert "BROKEN  event 3 missing: " in finished.out


def test_another_pepper_is_trouble(operator: Operator) -> None:
    operator.organization()

    finished = operator.run("audit", "verify", KEYFOB_PEPPER="x" * 32)

    assert (finished.code, finished.out) == (2, "")
    assert "The pepper is not the one" in finished.err


def test_unknown_organisation_and_an_ambiguous_head_are_trouble(operator: Operator) -> None:
    head = f"1:{'a' * 64}"
    operator.run("migrate")
    nobody = operator.run("audit", "verify")
    assert (nobody.code, nobody.out) == (0, "There is no organisation yet.\n")
    operator.organization("Acme")
    operator.organization("Globex")

    unknown = operator.run("audit", "verify", "--organization", "org_x", "--expect", head)
    ambiguous = operator.run("audit", "verify", "--expect", head)

    assert (unknown.code, unknown.out, ambiguous.code, ambiguous.out) == (2, "", 2, "")
    assert "keyfob list-organizations" in unknown.err
    assert "There are 2 organisations: say with --organization" in ambiguous.err


@pytest.mark.parametrize(
    "head", ["", "12", "0", "0:", f"0:{'a' * 64}", "1:", "1:zz", f"-1:{'a' * 64}"]
)
def test_what_is_no_head_is_trouble(refused: Callable[..., Finished], head: str) -> None:
    finished = refused("audit", "verify", "--expect", head)

    assert (finished.code, finished.out) == (2, "")
    assert "must be a head as this command prints it" in finished.err
