"""Faults that nobody thinks of: what is made up has to meet them."""

from dataclasses import replace
from typing import Any

from keyfob.domain.api_keys import ApiKeys
from keyfob.domain.authentication import Authentication
from keyfob.model import Actor, ApiKey
from keyfob.store.api_keys import Credential
from keyfob_contract.faults.fault import Patch, Right, fault


@fault(caught_by="generated_requests_are_answered_by_the_contract")
def some_names_crash(patch: Patch) -> None:
    """A name with a character beyond the Basic Multilingual Plane is 500."""

    @patch(ApiKeys, "create")
    def create(right: Right, self: Any, actor: Actor, draft: Any) -> Any:
        if any(ord(character) > 0xFFFF for character in draft.name):
            raise OverflowError("a name that the store's column cannot hold")
        return right(self, actor, draft)


@fault(caught_by="keys_live_and_die_by_the_state_table")
def edits_bring_back_the_value_before(patch: Patch) -> None:
    """A key that is edited after its rotation works with the value before the rotation, too."""
    rotated: set[str] = set()
    edited: set[str] = set()

    @patch(ApiKeys, "rotate")
    def rotate(right: Right, self: Any, actor: Actor, key_id: str) -> Any:
        answer = right(self, actor, key_id)
        rotated.add(key_id)
        return answer

    @patch(ApiKeys, "edit")
    def edit(right: Right, self: Any, actor: Actor, key_id: str, *how: Any) -> ApiKey:
        key = right(self, actor, key_id, *how)
        edited.update({key_id} & rotated)
        return key

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        is_back = credential.key_id in edited
        now = credential.current_secret_version if is_back else credential.secret_version
        right(self, replace(credential, secret_version=now))
