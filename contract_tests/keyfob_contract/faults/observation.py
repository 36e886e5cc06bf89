"""Faults in what people can see of how keys are used."""

from dataclasses import replace
from typing import Any

from keyfob.domain import advice, api_keys
from keyfob.errors import ApiKeyRevoked, ApiKeyRotated
from keyfob.store.usage import UsageRows
from keyfob.usage import Recorder, UsageRecord, key_use
from keyfob.usage.key_use import KeyUse
from keyfob_contract.faults.fault import Patch, Right, fault
from keyfob_contract.faults.recording import recorded

DEAD = frozenset({ApiKeyRevoked.code, ApiKeyRotated.code})


@fault(caught_by="usage_is_counted")
def refusals_are_not_counted(patch: Patch) -> None:
    """Usage does not count requests that were refused."""

    @patch(KeyUse, "add")
    def add(right: Right, self: Any, record: UsageRecord, scope_of: Any) -> None:
        if record.status < 400:
            right(self, record, scope_of)


@fault(caught_by="usage_is_counted")
def uses_are_counted_twice(patch: Patch) -> None:
    """Usage counts every request twice."""

    @patch(UsageRows, "count")
    def count(right: Right, self: Any, key_id: str, kind: Any, requests: int) -> None:
        right(self, key_id, kind, 2 * requests)


@fault(caught_by="usage_is_counted")
def nobody_knows_when_a_key_was_used(patch: Patch) -> None:
    """lastUsedAt stays null."""
    patch.put(UsageRows, "touch", lambda _self, _key_id, _at: None)


@fault(caught_by="usage_is_counted")
def all_uses_are_of_one_operation(patch: Patch) -> None:
    """Usage counts every request as listApiKeys."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(operation="listApiKeys"))


@fault(caught_by="usage_is_counted")
def usage_knows_no_time(patch: Patch) -> None:
    """getApiKeyUsage counts the uses of all times, whatever since and until say."""

    @patch(UsageRows, "counters")
    def counters(right: Right, self: Any, key_id: str, _since: int, until: int) -> Any:
        return right(self, key_id, 0, 2 * until)


@fault(caught_by="refused_uses_of_dead_values_are_seen")
def uses_of_dead_values_go_unnoticed(patch: Patch) -> None:
    """Requests with a replaced or revoked value leave nothing behind."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        if record.code not in DEAD:
            right(self, record)


@fault(caught_by="refused_uses_of_dead_values_are_seen")
def all_uses_are_of_the_latest_value(patch: Patch) -> None:
    """The latest requests tell the version of the value in force, whichever was sent."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        rotated = record.code == ApiKeyRotated.code
        version = (record.secret_version or 0) + 1 if rotated else record.secret_version
        right(self, record._replace(secret_version=version))


@fault(caught_by="usage_is_counted")
def only_successes_are_uses(patch: Patch) -> None:
    """A request that the scope refuses does not show in lastUsedAt."""

    @patch(Recorder, "record")
    def record(right: Right, self: Any, record: UsageRecord) -> None:
        right(self, record._replace(charged=record.charged and record.status < 400))


@fault(caught_by="advice_is_given")
def nobody_is_advised(patch: Patch) -> None:
    """No key ever gets any advice."""
    patch.put(api_keys, "advisories_of", lambda *_key, **_how: [])


@fault(caught_by="advice_is_given")
def sharing_goes_unnoticed(patch: Patch) -> None:
    """Several programs that use one key are taken for one."""
    patch.put(key_use, "product_of", lambda _user_agent: "a program")


@fault(caught_by="advice_is_given")
def everybody_is_advised(patch: Patch) -> None:
    """Every key is said to end soon."""
    patch.put(advice, "SOON_MS", 10_000 * advice.DAY_MS)

    @patch(api_keys, "advisories_of")
    def advisories_of(right: Right, key: Any, **how: Any) -> Any:
        ends = key.expires_at or how["now"] + advice.DAY_MS
        return right(replace(key, expires_at=ends), **how)


@fault(caught_by="usage_is_counted")
def usage_forgets_what_was_asked(patch: Patch) -> None:
    """Usage does not tell which scope authorize was asked about."""
    recorded(
        patch, lambda record: {"scope": "" if record.operation == "authorize" else record.scope}
    )


@fault(caught_by="refused_uses_of_dead_values_are_seen")
def dead_values_are_uses(patch: Patch) -> None:
    """Who sends a replaced value moves the time at which the key was last used."""
    recorded(patch, lambda record: {"charged": record.charged or record.code in DEAD})


@fault(caught_by="advice_is_given")
def versions_are_taken_for_programs(patch: Patch) -> None:
    """Who updates his program is advised that two programs share the key."""
    patch.put(key_use, "product_of", lambda user_agent: user_agent.partition(" ")[0])


@fault(caught_by="advice_is_given")
def a_month_is_soon(patch: Patch) -> None:
    """Keys are said to end soon a month before they do."""
    patch.put(advice, "SOON_MS", 30 * advice.DAY_MS)


@fault(caught_by="advice_is_given")
def uses_of_revoked_keys_are_no_matter(patch: Patch) -> None:
    """Nobody is told that a revoked key is still used."""

    @patch(advice, "_on_dead_values")
    def on_dead_values(right: Right, key: Any, *what: Any) -> Any:
        return () if key.revoked_at is not None else right(key, *what)


@fault(caught_by="advice_is_given")
def who_shares_a_key_is_not_told(patch: Patch) -> None:
    """The advice about a shared key does not name the programs that share it."""

    @patch(api_keys, "advisories_of")
    def advisories_of(right: Right, key: Any, **how: Any) -> Any:
        return [
            replace(each, details={}) if "userAgents" in each.details else each
            for each in right(key, **how)
        ]
