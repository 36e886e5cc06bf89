"""``keyfob create-organization``: the one way in."""

import json
import os
import shlex
from collections.abc import Callable

import pytest
from processes import Finished, Operator


def create(operator: Operator, *options: str, name: str = "Acme") -> Finished:
    return operator.run("create-organization", name, "--admin-email", "a@acme.example", *options)


def test_json_has_exactly_what_scripts_rely_on(operator: Operator) -> None:
    created = create(operator, "--json")
    assert created.code == 0
    printed = json.loads(created.out)
    assert created.out.count("\n") == 1
    assert list(printed) == ["organizationId", "admin", "key"]
    assert printed["organizationId"].startswith("org_")
    assert list(printed["admin"]) == ["email", "password"]
    assert printed["admin"]["email"] == "a@acme.example"
    assert len(printed["admin"]["password"]) >= 20
    assert list(printed["key"]) == ["id", "key"]
    assert printed["key"]["id"].startswith("key_")
    assert printed["key"]["key"].startswith("kfb_")


def test_printed_curl_line_works_and_the_key_holds_everything(operator: Operator) -> None:
    with operator.serving() as server:
        created = create(operator, "--server-url", server.url)
        (line,) = [line for line in created.out.splitlines() if "curl" in line]
        program, option, header, url = shlex.split(line)
        assert (program, option) == ("curl", "-H")
        name, _, value = header.partition(": ")
        assert url.startswith(server.url)
        reply = server.send("GET", url.removeprefix(server.url), headers={name: value})
    assert reply.status_code == 200
    key = reply.json()
    assert len(key["scopes"]) == 12
    assert key["siteIds"] == ["*"]
    assert key["createdBy"] == {"type": "operator", "id": "operator"}


def test_text_says_that_the_secrets_are_shown_once_and_where_to_try_them(
    operator: Operator,
) -> None:
    created = create(operator)
    assert created.code == 0
    assert "shown this once" in created.out
    assert "http://127.0.0.1:8080/v1/api-keys/current" in created.out


def test_secrets_are_printed_on_stdout_alone(operator: Operator) -> None:
    created = create(operator, "--json")
    printed = json.loads(created.out)
    assert printed["key"]["key"] not in created.err
    assert printed["admin"]["password"] not in created.err


def test_if_empty_makes_the_first_organisation_and_no_second(operator: Operator) -> None:
    first = create(operator, "--if-empty", "--json")
    assert json.loads(first.out)["organizationId"]
    second = create(operator, "--if-empty", name="Another")
    assert (second.code, second.out) == (0, "")
    assert "keyfob create-key" in second.err
    listed = operator.run("list-organizations").out
    assert listed.count("org_") == 1
    assert "Another" not in listed


def test_address_of_another_admin_is_refused_and_nothing_is_made(operator: Operator) -> None:
    operator.organization("Acme")
    again = operator.run("create-organization", "Another", "--admin-email", "Admin@acme.example")
    assert (again.code, again.out) == (2, "")
    assert "Admin@acme.example is already the address of an admin" in again.err
    assert operator.run("list-organizations").out.count("org_") == 1


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "must not be blank"),
        (" \u3000", "must not be blank"),
        ("x" * 101, "at most 100 characters"),
        ("a\nb", "control characters"),
        ("a\x85b", "control characters"),
        ("a\udcff", "UTF-8"),
    ],
    ids=["empty", "blank", "long", "newline", "C1", "not-utf-8"],
)
def test_name_that_the_api_would_refuse_is_refused(
    refused: Callable[..., Finished], name: str, complaint: str
) -> None:
    finished = refused("create-organization", name, "--admin-email", "a@acme.example")
    assert finished.code == 2
    assert complaint in finished.err


@pytest.mark.parametrize(
    "email", ["", "acme", "@acme.example", "a@", "a b@acme.example", "a@b\x1b", "a@" + "b" * 260]
)
def test_implausible_address_is_refused(refused: Callable[..., Finished], email: str) -> None:
    finished = refused("create-organization", "Acme", "--admin-email", email)
    assert finished.code == 2
    assert "must be an e-mail address" in finished.err


@pytest.mark.parametrize("lost", ["disk-full", "nobody-reads"])
def test_lost_output_is_told(operator: Operator, lost: str) -> None:
    unread, pipe = os.pipe()
    os.close(unread)
    full = os.open("/dev/full", os.O_WRONLY)
    created = operator.run(
        *("create-organization", "Acme", "--admin-email", "a@acme.example"),
        stdout=full if lost == "disk-full" else pipe,
    )
    os.close(pipe)
    os.close(full)
    assert created.code == 2
    assert "The output cannot be written" in created.err
    assert "keyfob create-key" in created.err
    assert created.err.count("Error") == 1
    assert "Exception" not in created.err
