"""In the end nothing of the run's is left but what cannot be deleted, and that is told."""

from collections.abc import Iterator

import pytest
from runs import MARK

from keyfob.spec import load_spec
from keyfob_contract.in_process import service_in_process
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.api import Api
from keyfob_contract.run.kit import Kit

KEYS, SITES = "/v1/api-keys", "/v1/sites"


@pytest.fixture
def kit() -> Iterator[Kit]:
    with service_in_process() as subject:
        yield Kit(subject, Contract(load_spec(), subject.clock, read_profile()), mark=MARK)


def names(api: Api, path: str) -> set[str]:
    return {item["name"] for item in api.must(200, "GET", path, limit=100)["data"]}


def test_keys_that_nobody_took_charge_of_are_deleted(kit: Kit) -> None:
    """Such as a request makes that should have been refused: more of them than a page holds."""
    for api in (kit.admin, kit.admin.with_value(kit.subject.other_admin_key)):
        before = names(api, KEYS)
        for number in range(120):
            api.must(201, "POST", KEYS, kit.keyring.body(f"stray {number}"))
        assert kit.clean_up() == []
        assert names(api, KEYS) == before


def test_what_is_left_is_found_behind_all_that_others_made_since(kit: Kit) -> None:
    stray = kit.admin.must(201, "POST", KEYS, kit.keyring.body("stray"))["id"]
    kit.clock.wait(1)
    for number in range(120):
        kit.admin.must(201, "POST", KEYS, kit.keyring.body("x") | {"name": f"theirs {number}"})
    assert kit.clean_up() == []
    assert kit.admin("GET", f"{KEYS}/{stray}").status == 404


def test_what_cannot_be_deleted_is_told(kit: Kit) -> None:
    stray = kit.admin.must(201, "POST", SITES, {"name": f"{MARK} stray"})["id"]
    assert kit.clean_up() == [f"{SITES}/{stray}"]


def test_what_is_not_the_runs_own_stays_as_it_is(kit: Kit) -> None:
    body = kit.keyring.body("x") | {"name": "kit-000000 of another run"}
    kit.admin.must(201, "POST", KEYS, body)
    kit.admin.must(201, "POST", SITES, {"name": "somebody's"})
    before = (names(kit.admin, KEYS), names(kit.admin, SITES))
    assert kit.clean_up() == []
    assert (names(kit.admin, KEYS), names(kit.admin, SITES)) == before
