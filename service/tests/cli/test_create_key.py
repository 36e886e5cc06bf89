"""``keyfob create-key``: the way back in."""

import json
from collections.abc import Callable

import pytest
from processes import Finished, Operator


def test_access_is_recovered(operator: Operator) -> None:
    """With every key revoked, a new one opens everything again; its actor is the operator."""
    lost = operator.organization()
    with operator.serving() as server:
        revoke = f"/v1/api-keys/{lost.key.id}/revoke"
        assert server.send("POST", revoke, lost.key_value).is_success
        assert server.get("/v1/api-keys", lost.key_value).status_code == 401
        created = operator.run("create-key", "--name", "recovered", "--json")
        printed = json.loads(created.out)
        assert list(printed) == ["id", "key"]
        key = server.get("/v1/api-keys/current", printed["key"]).json()
    assert key["id"] == printed["id"]
    assert len(key["scopes"]) == 12
    assert (key["name"], key["siteIds"], key["expiresAt"]) == ("recovered", ["*"], None)
    assert key["createdBy"] == {"type": "operator", "id": "operator"}


def test_key_has_the_scopes_sites_and_expiry_that_were_asked_for(operator: Operator) -> None:
    admin = operator.organization().key_value
    with operator.serving() as server:
        site = server.send("POST", "/v1/sites", admin, json={"name": "HQ"}).json()["id"]
        asked = ["--scope", "keys:read", "--scope", "sites:read", "--site", site]
        expiry = ["--expires-at", "2099-03-01T00:00:00+01:00"]
        created = operator.run("create-key", "--name", "narrow", *asked, *expiry, "--json")
        value = json.loads(created.out)["key"]
        key = server.get("/v1/api-keys/current", value).json()
    assert sorted(key["scopes"]) == ["keys:read", "sites:read"]
    assert key["siteIds"] == [site]
    assert key["expiresAt"] == "2099-02-28T23:00:00.000Z"


def test_text_shows_the_value_once_with_a_way_to_try_it(operator: Operator) -> None:
    operator.organization()
    created = operator.run("create-key", "--name", "recovered")
    assert created.code == 0
    assert "shown this once" in created.out
    assert "curl -H" in created.out


def test_among_several_organisations_one_has_to_be_named(operator: Operator) -> None:
    nowhere = operator.run("create-key", "--name", "x")
    assert (nowhere.code, nowhere.out) == (2, "")
    assert f"There is no store at {operator.database}" in nowhere.err
    assert not operator.database.exists()
    operator.run("migrate")
    none = operator.run("create-key", "--name", "x")
    assert (none.code, none.out) == (2, "")
    assert "There is no organisation yet" in none.err

    acme = operator.organization("Acme").id
    operator.organization("Globex")
    unnamed = operator.run("create-key", "--name", "x")
    assert (unnamed.code, unnamed.out) == (2, "")
    assert "keyfob list-organizations" in unnamed.err

    named = operator.run("create-key", "--name", "x", "--organization", acme)
    assert named.code == 0
    listed = operator.run("list-organizations").out.splitlines()
    assert [line.split(maxsplit=3)[1::2] for line in listed] == [["2", "Acme"], ["1", "Globex"]]


def test_unknown_organisation_and_unknown_site_are_named(operator: Operator) -> None:
    operator.organization()
    organization = operator.run("create-key", "--name", "x", "--organization", "org_x")
    assert organization.code == 2
    assert "org_x" in organization.err
    assert "keyfob list-organizations" in organization.err
    site = operator.run("create-key", "--name", "x", "--site", "site_x")
    assert site.code == 2
    assert "no site site_x" in site.err


def test_full_organisation_is_told(operator: Operator) -> None:
    operator.organization()
    full = operator.run("create-key", "--name", "x", KEYFOB_MAX_KEYS_PER_ORGANIZATION="1")
    assert full.code == 2
    assert "KEYFOB_MAX_KEYS_PER_ORGANIZATION" in full.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--name", " "], "must not be blank"),
        (["--name", "x", "--scope", "keys:destroy"], "'keys:write'"),
        (["--name", "x", "--site", "*", "--site", "site_x"], "goes with no other"),
        (["--name", "x", "--expires-at", "tomorrow"], "must be RFC 3339"),
        (["--name", "x", "--expires-at", "2020-01-01T00:00:00Z"], "must be in the future"),
        ([], "'--name'"),
    ],
    ids=["name", "scope", "sites", "expiry", "past", "no-name"],
)
def test_what_the_api_would_refuse_is_refused(
    refused: Callable[..., Finished], options: list[str], complaint: str
) -> None:
    finished = refused("create-key", *options)
    assert finished.code == 2
    assert complaint in finished.err
