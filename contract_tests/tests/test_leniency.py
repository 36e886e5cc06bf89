"""What a profile does not promise is neither right nor wrong."""

from dataclasses import replace

import pytest
from other_api.app import FOLDER, SPEC

from keyfob_contract.rules.expectation import Fate, expect
from keyfob_contract.rules.profile import Profile, StrictnessProfile, read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.wire.clocks import WallClock
from keyfob_contract.wire.message import Request

PROFILE = read_profile(FOLDER / "contract.toml")
CONTRACT = Contract(SPEC, WallClock(), PROFILE)
WRITE = Request("POST", "/notes").with_json({"text": "t"})
OPEN = {
    "unknown_parameter": Request("GET", "/notes?page=2"),
    "repeated_parameter": Request("GET", "/notes?limit=2&limit=2"),
    "no_media_type": replace(WRITE, headers=()),
    "no_json": replace(WRITE, body=b"{"),
    "repeated_member": replace(WRITE, body=b'{"text": "a", "text": "b"}'),
    "body_where_none_is_taken": Request("GET", "/notes").with_json({"a": 1}),
}
INVALID = {
    "no_number": Request("GET", "/notes?limit=ten"),
    "out_of_bounds": Request("GET", "/notes?limit=0"),
    "no_id": Request("GET", "/notes/seven"),
    "wrong_type": WRITE.with_json({"text": 7}),
    "unknown_member": WRITE.with_json({"text": "t", "a": 1}),
}


@pytest.mark.parametrize("request_", OPEN.values(), ids=OPEN.keys())
def test_what_is_not_promised_is_left_open(request_: Request) -> None:
    expected = expect(CONTRACT, request_)
    assert (expected.fate, expected.acceptable(PROFILE.strictness)) == (Fate.OPEN, None)


@pytest.mark.parametrize("request_", INVALID.values(), ids=INVALID.keys())
def test_what_breaks_its_schema_is_refused_as_the_profile_says(request_: Request) -> None:
    assert expect(CONTRACT, request_).acceptable(PROFILE.strictness) == {422}


@pytest.mark.parametrize("request_", INVALID.values(), ids=INVALID.keys())
def test_without_a_promise_that_schemas_are_kept_nothing_is_demanded(request_: Request) -> None:
    assert expect(CONTRACT, request_).acceptable(StrictnessProfile()) is None


def test_what_is_valid_may_be_answered_with_every_documented_success() -> None:
    assert 201 in (expect(CONTRACT, WRITE).acceptable(PROFILE.strictness) or ())
    assert 422 not in (expect(CONTRACT, WRITE).acceptable(PROFILE.strictness) or ())


@pytest.mark.parametrize(
    ("path", "given", "is_met"),
    [
        ("/files/{name}.json", "/files/a.b.json", True),
        ("/files/{name}.json", "/files/a.txt", False),
        ("/jobs/{id}:{verb}", "/jobs/7:stop", True),
        ("/jobs/{id}", "/jobs/7/8", False),
        ("/jobs/{id}", "/jobs/", False),
    ],
)
def test_names_may_be_parts_of_segments(path: str, given: str, *, is_met: bool) -> None:
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    operation = {"operationId": "it", "parameters": parameters, "responses": {}}
    contract = Contract(
        {"openapi": "3.0.3", "paths": {path: {"get": operation}}}, WallClock(), Profile()
    )
    assert (expect(contract, Request("GET", given)).operation is not None) == is_met
