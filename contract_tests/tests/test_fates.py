"""The kit knows in what state a key is that a request carries, however it came to be."""

from collections.abc import Iterator

import pytest
from runs import Quick
from tampering import kit_of_service

from keyfob_contract.rules.paths import KEYS
from keyfob_contract.run.keyring import Key
from keyfob_contract.run.kit import Kit
from keyfob_contract.run.vault import State


@pytest.fixture
def kit() -> Iterator[Kit]:
    with kit_of_service() as kit:
        yield kit


def do(kit: Kit, key: Key, action: str) -> str:
    """Do something to a key without the keyring, and answer its new value, if it has one."""
    return str(kit.live.must(200, "POST", f"{KEYS}/{key.id}/{action}").get("key"))


def test_what_becomes_of_a_key_is_learnt_from_the_replies(kit: Kit) -> None:
    key = kit.keyring.make("key")
    state_of = kit.vault.state_of_value
    do(kit, key, "revoke")
    assert state_of(key.value) is State.REVOKED
    do(kit, key, "reactivate")
    assert state_of(key.value) is State.LIVE
    value = do(kit, key, "rotate")
    assert (state_of(key.value), state_of(value)) == (State.ROTATED, State.LIVE)
    do(kit, key, "revoke")
    assert (state_of(key.value), state_of(value)) == (State.ROTATED, State.REVOKED)
    kit.live.must(204, "DELETE", f"{KEYS}/{key.id}")
    assert (state_of(key.value), state_of(value)) == (State.DELETED, State.DELETED)


def test_a_later_end_brings_an_expired_key_back(kit: Kit) -> None:
    kit.dead.prepare()
    key = kit.dead.expired_key()
    assert kit.vault.state_of_value(key.value) is State.EXPIRED
    kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", {"description": "still expired"})
    assert kit.vault.state_of_value(key.value) is State.EXPIRED
    kit.live.must(200, "PATCH", f"{KEYS}/{key.id}", {"expiresAt": None})
    assert kit.vault.state_of_value(key.value) is State.LIVE


def test_a_refused_attempt_changes_nothing(kit: Kit) -> None:
    key, weak = kit.keyring.make("key"), kit.keyring.make("weak", scopes=["sites:read"])
    assert weak.api("POST", f"{KEYS}/{key.id}/revoke").status == 403
    assert kit.vault.state_of_value(key.value) is State.LIVE


def test_of_what_happened_at_once_each_reply_is_counted_as_it_can_have_come_about(kit: Kit) -> None:
    key = kit.keyring.make("in use")
    use = kit.samples.request(kit.live, kit.contract.by_id["getCurrentApiKey"])
    uses = [use.with_headers(*key.api.headers)] * 2
    revoke = kit.samples.request(
        kit.live, kit.contract.by_id["revokeApiKey"], ids={"keyId": key.id}
    )
    together = [uses[0], revoke.with_headers(*kit.live.headers), uses[1]]
    told = kit.inspector.ask_together(together)
    expected = {200: State.LIVE, 401: State.REVOKED}
    assert [each.credential for each in told if each.request in uses] == [
        expected[each.status] for each in told if each.request in uses
    ]


def test_no_reply_of_a_conforming_run_is_counted_for_another_state(quick: Quick) -> None:
    dead = {*State} - {State.LIVE, State.NONE}
    closed = {operation.id for operation in quick.kit.operations()}
    odd = {
        (operation, status, state)
        for operation, status, state in quick.kit.journal.cells
        if (state == State.LIVE and status == 401)
        or (state in dead and 200 <= status < 300 and operation in closed)
    }
    assert not odd
