"""Runtime expressions of links stand for what OpenAPI says they do."""

import json
from typing import Any

import pytest
from other_api.app import FOLDER, SPEC

from keyfob_contract.generated.links import value_of
from keyfob_contract.rules.exchange import NOTHING, Exchange
from keyfob_contract.rules.expectation import expect
from keyfob_contract.rules.profile import read_profile
from keyfob_contract.rules.spec import Contract
from keyfob_contract.wire.clocks import WallClock
from keyfob_contract.wire.message import Reply, Request

CONTRACT = Contract(SPEC, WallClock(), read_profile(FOLDER / "contract.toml"))
REQUEST = Request("PUT", "/notes/7?a=b%20c", (("X-Of", "mine"),)).with_json({"text": "t"})
REPLY = Reply(
    200, (("trace-id", "0123456789abcdef"),), json.dumps({"noteId": 7, "tags": ["x", "y"]}).encode()
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$response.body#/noteId", 7),
        ("$response.body#/tags/1", "y"),
        ("$response.body#/absent", NOTHING),
        ("$response.header.Trace-Id", "0123456789abcdef"),
        ("$request.path.noteId", "7"),
        ("$request.query.a", "b c"),
        ("$request.query.absent", NOTHING),
        ("$request.header.x-of", "mine"),
        ("$request.body#/text", "t"),
        ("$url", NOTHING),
        ("a constant", "a constant"),
        (12, 12),
    ],
)
def test_an_expression_is_looked_up_in_the_exchange(expression: Any, value: Any) -> None:
    exchange = Exchange(CONTRACT, REQUEST, expect(CONTRACT, REQUEST), REPLY)
    assert value_of(expression, exchange) == value


def test_a_reference_to_an_operation_is_followed() -> None:
    [link] = CONTRACT.by_id["writeNote"].replies[201].links
    assert (link.name, link.operation_id) == ("Read", "readNote")
