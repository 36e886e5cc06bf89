"""``keyfob create-admin`` and ``reset-password``."""

import json

from processes import Operator


def test_an_admin_is_added_to_the_only_organisation_and_gets_a_new_password(
    operator: Operator,
) -> None:
    operator.organization()
    created = operator.run("create-admin", "grace@acme.example", "--json")
    assert created.code == 0
    first = json.loads(created.out)
    assert list(first) == ["email", "password"]
    assert first["email"] == "grace@acme.example"

    reset = operator.run("reset-password", "GRACE@acme.example")
    assert reset.code == 0
    assert "shown this once" in reset.out
    assert first["password"] not in reset.out + reset.err


def test_troubles_say_what_to_do(operator: Operator) -> None:
    organization = operator.organization()
    taken = operator.run("create-admin", "admin@acme.example")
    assert taken.code == 2
    assert "reset-password" in taken.err
    unknown = operator.run("reset-password", "nobody@acme.example")
    assert unknown.code == 2
    assert "nobody@acme.example" in unknown.err
    elsewhere = operator.run("create-admin", "x@acme.example", "--organization", "org_x")
    assert elsewhere.code == 2
    assert "list-organizations" in elsewhere.err
    assert organization.id not in elsewhere.err
