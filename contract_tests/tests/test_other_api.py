"""The kit judges an API that has nothing in common with Keyfob, by its file and a profile."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import uvicorn
from other_api.app import FOLDER, SPEC, MarginNotes
from other_api.faults import FAULTS

from keyfob_contract.checks import CHECKS
from keyfob_contract.checks.runner import run_checks
from keyfob_contract.rules.profile import CredentialProfile, KeyProfile, Profile, read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.run.kit import Effort, Kit, Subject
from keyfob_contract.run.results import CheckResult, RunResult, Verdict
from keyfob_contract.wire.asgi_target import AsgiTarget
from keyfob_contract.wire.clocks import WallClock
from keyfob_contract.wire.http_target import HttpTarget
from keyfob_contract.wire.target import Target

CASES = 300
PROFILE = read_profile(FOLDER / "contract.toml")
JUDGED = frozenset(
    {
        "no_key_is_refused",
        "malformed_key_is_refused",
        "mistyped_key_is_refused",
        "rotated_value_is_refused",
        "revoked_key_is_refused",
        "deleted_key_is_refused",
        "key_in_the_url_is_refused",
        "generated_requests_are_answered_by_the_contract",
        "never_a_fault_of_the_server",
        "status_is_documented",
        "headers_are_as_documented",
        "body_is_as_documented",
        "errors_wear_the_envelope",
        "request_id_is_the_header",
        "request_ids_are_unique",
        "allow_names_the_methods",
        "values_stay_secret",
    }
)


def run(
    api: MarginNotes, target: Target, profile: Profile = PROFILE, *, generated: bool
) -> RunResult:
    clock = WallClock()
    subject = Subject("margin notes", target, clock, api.first.secret)
    contract = Contract(SPEC, clock, profile)
    kit = Kit(subject, contract, mark="kit-1", effort=Effort(cases=CASES))
    return run_checks(kit, [check for check in CHECKS if generated or not check.generated])


def run_in_process(
    api: MarginNotes, profile: Profile = PROFILE, *, generated: bool = False
) -> RunResult:
    with closing(AsgiTarget(api.app)) as target:
        return run(api, target, profile, generated=generated)


def named(result: RunResult, verdict: Verdict) -> dict[str, CheckResult]:
    return {check.name: check for check in result.of(verdict)}


@pytest.fixture
def served() -> Iterator[tuple[MarginNotes, Target]]:
    api = MarginNotes()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(api.app, lifespan="off", ws="none", log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        with closing(HttpTarget(f"http://127.0.0.1:{listening.getsockname()[1]}")) as target:
            yield api, target
        server.should_exit = True
        thread.join()


def test_another_api_is_conforming_and_left_as_it_was(
    served: tuple[MarginNotes, Target],
) -> None:
    api, target = served
    result = run(api, target, generated=True)
    assert named(result, Verdict.BROKEN) == {}
    assert named(result, Verdict.KEPT).keys() >= JUDGED
    assert result.exit_code == 0, result.doubts
    assert (list(api.tokens), api.notes, result.leftovers) == ([api.first.token_id], {}, [])


def test_what_cannot_be_judged_is_told_with_a_reason() -> None:
    unknown = named(run_in_process(MarginNotes()), Verdict.NOT_CHECKED)
    assert all(check.reason for check in unknown.values())
    assert unknown.keys() >= {"unknown_key_is_refused", "expired_key_is_refused"}
    assert unknown.keys() >= {"nothing_is_stored", "two_credentials_are_refused"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_of_another_api_is_caught(fault: type[MarginNotes]) -> None:
    result = run_in_process(fault(), generated=fault.is_generated)
    broken = named(result, Verdict.BROKEN)
    assert fault.caught_by in broken
    assert all(complaint.text for complaint in broken[fault.caught_by].complaints)
    assert result.exit_code == 1


def test_an_api_whose_keys_cannot_be_made_is_judged_with_the_given_one() -> None:
    keys = KeyProfile(prove="whoAmI", codes=PROFILE.keys.codes)
    api = MarginNotes()
    result = run_in_process(api, replace(PROFILE, keys=keys), generated=True)
    assert named(result, Verdict.BROKEN) == {}
    assert named(result, Verdict.KEPT).keys() >= {"no_key_is_refused", "mistyped_key_is_refused"}
    unknown = named(result, Verdict.NOT_CHECKED)
    assert unknown.keys() >= {"revoked_key_is_refused", "key_in_the_url_is_refused"}
    assert result.exit_code == 0, result.doubts


def test_a_profile_that_promises_nothing_raises_no_false_alarm() -> None:
    credentials = CredentialProfile(headers=("X-Token: {key}",), challenge=False)
    result = run_in_process(MarginNotes(), Profile(credentials=credentials), generated=True)
    assert named(result, Verdict.BROKEN) == {}
    assert named(result, Verdict.KEPT).keys() >= {"status_is_documented", "no_key_is_refused"}
