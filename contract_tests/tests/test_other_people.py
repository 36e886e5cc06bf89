"""Whoever else uses the implementation meanwhile does not come into the verdict."""

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event, Thread

import pytest
from processes import Server
from staging import Staging
from tampering import kit_of_service

from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.api import Api
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.state import MOST_ITEMS, changes

MORE_THAN_A_PAGE = MOST_ITEMS + 5


@pytest.fixture
def kit() -> Iterator[Kit]:
    with kit_of_service() as kit:
        yield kit


@pytest.fixture
def ours(kit: Kit) -> Key:
    """A key of the run's."""
    return kit.keyring.make("ours")


def made_by_others(kit: Kit, number: int = 1, name: str = "somebody's") -> list[str]:
    """Make keys that are newer than all others, and answer their ids."""
    kit.clock.wait(1)
    body = {"name": name, "scopes": ["sites:read"], "siteIds": ["*"]}
    return [kit.admin.must(201, "POST", KEYS, body)["id"] for _ in range(number)]


def remove(api: Api, key_ids: list[str]) -> None:
    for key_id in key_ids:
        api.must(200, "POST", f"{KEYS}/{key_id}/revoke")
        api.must(204, "DELETE", f"{KEYS}/{key_id}")


def test_what_others_make_edit_and_remove_is_not_watched(kit: Kit) -> None:
    edited, removed = made_by_others(kit, 2)
    before = kit.state()
    made_by_others(kit)
    kit.admin.must(200, "PATCH", f"{KEYS}/{edited}", {"name": "another"})
    remove(kit.admin, [removed])
    assert changes(before, kit.state()) == []


def test_a_thing_is_not_the_runs_for_speaking_of_one_that_is(kit: Kit, ours: Key) -> None:
    like_it = made_by_others(kit, name=f"like {ours.id}, but read-only")
    before = kit.state()
    remove(kit.admin, like_it)
    assert changes(before, kit.state()) == []


@pytest.mark.usefixtures("ours")
def test_what_others_push_from_the_first_page_is_not_gone(kit: Kit) -> None:
    before = kit.state()
    made_by_others(kit, MORE_THAN_A_PAGE)
    assert changes(before, kit.state()) == []


@pytest.mark.usefixtures("ours")
def test_what_comes_into_sight_again_is_not_new(kit: Kit) -> None:
    theirs = made_by_others(kit, MORE_THAN_A_PAGE)
    before = kit.state()
    remove(kit.admin, theirs[-10:])
    assert changes(before, kit.state()) == []


def test_an_effect_is_seen_behind_all_that_others_do(kit: Kit, ours: Key) -> None:
    gone, unmarked = kit.keyring.make("gone"), kit.admin("POST", KEYS, kit.keyring.body("no id"))
    before = kit.state()
    kit.clock.wait(1)
    kit.admin.must(200, "PATCH", f"{KEYS}/{ours.id}", {"description": "another"})
    kit.admin.must(200, "PATCH", f"{KEYS}/{unmarked.json['id']}", {"name": "without its mark"})
    remove(kit.admin, [gone.id])
    made_by_others(kit, MORE_THAN_A_PAGE)
    kit.clock.wait(1)
    new = kit.admin.must(201, "POST", KEYS, kit.keyring.body("new"))
    told = changes(before, kit.state())
    assert [each.partition(": ")[0] for each in sorted(told)] == sorted(
        [
            f"{KEYS}/{ours.id} has another description, updatedAt",
            f"{KEYS}/{unmarked.json['id']} has another name, updatedAt",
            f"{KEYS}/{gone.id} is gone",
            f"{KEYS}/{new['id']} is new",
        ]
    )


# --- at a real server ------------------------------------------------------------------------


def live_on(server: Server, key: str, over: Event) -> None:
    """Make, edit and remove keys, as people do, for as long as it is not over."""
    body = {"name": "somebody's", "scopes": ["sites:read"], "siteIds": ["*"]}
    theirs: list[str] = []
    while not over.is_set():
        theirs.append(f"{KEYS}/{server.send('POST', KEYS, key, json=body).json()['id']}")
        server.send("PATCH", theirs[-1], key, json={"description": "edited"})
        if len(theirs) > MORE_THAN_A_PAGE:
            server.send("POST", f"{theirs[0]}/revoke", key)
            server.send("DELETE", theirs.pop(0), key)
    for one in theirs:
        server.send("POST", f"{one}/revoke", key)
        server.send("DELETE", one, key)


def test_two_runs_at_once_and_people_at_work_give_no_alarm(staging: Staging) -> None:
    """In one organisation, on one server: each run meets what the other makes and removes."""
    over = Event()
    people = Thread(target=live_on, args=(staging.server, staging.key, over))
    command = ("contract", "--url", staging.server.url, "--quick")
    groups = ("credentials", "lists", "observation", "sites", "no_key_is_refused")
    only = [text for group in groups for text in ("--only", group)]
    with ExitStack() as ended:
        people.start()
        ended.callback(people.join)
        ended.callback(over.set)
        runs = [
            staging.operator.start(
                *command,
                *only,
                CONTRACT_ADMIN_KEY=staging.key,
                CONTRACT_OTHER_ADMIN_KEY=staging.other_key,
            )
            for _ in range(2)
        ]
        for run in runs:
            out, err = run.communicate(timeout=120)
            assert run.returncode == 0, out + err
