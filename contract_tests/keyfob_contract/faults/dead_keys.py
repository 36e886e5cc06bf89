"""Faults in which keys are dead."""

from dataclasses import replace
from typing import Any

from keyfob.domain.authentication import Authentication, actor_of
from keyfob.errors import ApiKeyRevoked, KeyfobError
from keyfob.gate.judge import Case, Judge
from keyfob.model import Actor
from keyfob.store.api_keys import ApiKeyRows, Credential
from keyfob.store.tables import ApiKeyValue
from keyfob_contract.faults.fault import Patch, Right, fault

A_MINUTE_MS = 60_000


@fault(caught_by="rotated_value_is_refused")
def replaced_values_work_on(patch: Patch) -> None:
    """The value that a rotation replaced works for ever."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        right(self, replace(credential, secret_version=credential.current_secret_version))


@fault(caught_by="rotated_value_is_refused")
def replaced_values_are_called_revoked(patch: Patch) -> None:
    """The value that a rotation replaced is told to be that of a revoked key."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        if credential.secret_version != credential.current_secret_version:
            raise ApiKeyRevoked
        right(self, credential)


@fault(caught_by="revoked_key_is_refused")
def revoked_keys_work_on(patch: Patch) -> None:
    """A revoked key is accepted."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        right(self, replace(credential, revoked=False))


@fault(caught_by="revoked_key_is_refused")
def revoked_keys_work_on_one_operation(patch: Patch) -> None:
    """A revoked key is accepted by getApiKeyUsage, and nowhere else."""

    @patch(Judge, "_authenticated")
    def authenticated(right: Right, self: Any, case: Case) -> Actor:
        try:
            return right(self, case)
        except ApiKeyRevoked:
            if case.credential is None or case.admitted.id != "getApiKeyUsage":
                raise
            return actor_of(case.credential, case.request.id)


@fault(caught_by="revoked_key_is_refused")
def revoked_keys_are_refused_after_the_deed(patch: Patch) -> None:
    """What a revoked key asks for is done, and only the reply is a refusal."""

    @patch(Judge, "_answer")
    def answer(right: Right, self: Any, case: Case) -> Any:
        try:
            return right(self, case)
        except ApiKeyRevoked:
            _carry_out(self, case)
            raise


@fault(caught_by="deleted_key_is_refused")
def deletion_leaves_the_value_working(patch: Patch) -> None:
    """Deletion removes the key from sight, and its value works on."""
    keep_values_of_deleted_keys(patch, revoked=False)


@fault(caught_by="deleted_key_is_refused")
def deleted_keys_are_told_from_unknown_ones(patch: Patch) -> None:
    """A deleted key's value is told to be that of a revoked key, for ever."""
    keep_values_of_deleted_keys(patch, revoked=True)


@fault(caught_by="expired_key_is_refused")
def expiry_is_not_looked_at(patch: Patch) -> None:
    """A key past its expiry is accepted."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        right(self, replace(credential, expires_at=None))


@fault(caught_by="expired_key_is_refused")
def expiry_comes_a_minute_late(patch: Patch) -> None:
    """A key past its expiry is accepted for another minute."""

    @patch(Authentication, "demand_alive")
    def demand_alive(right: Right, self: Any, credential: Credential) -> None:
        ends = credential.expires_at
        later = None if ends is None else ends + A_MINUTE_MS
        right(self, replace(credential, expires_at=later))


def _carry_out(judge: Any, case: Case) -> None:
    operation, credential = case.admitted, case.credential
    if credential is None:
        return
    actor = actor_of(credential, case.request.id)
    try:
        arguments = operation.arguments(case.request, case.path_values)
        offered = {"keyfob": judge._keyfob, "actor": actor, **arguments}
        operation.handler(**{name: offered[name] for name in operation.wants})
    except KeyfobError:
        return


def keep_values_of_deleted_keys(patch: Patch, *, revoked: bool, versions_ago: int = 0) -> None:
    """Let values of deleted keys be known on, from so many rotations ago on."""
    ghosts: dict[bytes, Credential] = {}

    @patch(ApiKeyRows, "delete")
    def delete(right: Right, self: Any, key: Any) -> bool:
        query = ApiKeyValue.select(ApiKeyValue.digest).where(ApiKeyValue.key_id == key.id)
        for (digest,) in query.tuples().execute(self._database):
            found = self.find_credential(bytes(digest))
            if found.current_secret_version - found.secret_version >= versions_ago:
                ghosts[bytes(digest)] = replace(found, revoked=revoked)
        return right(self, key)

    @patch(ApiKeyRows, "find_credential")
    def find_credential(right: Right, self: Any, digest: bytes) -> Credential | None:
        return right(self, digest) or ghosts.get(digest)
