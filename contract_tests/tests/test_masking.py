"""No key's value gets through, in whatever spelling, and as little of it as matters."""

import json
from urllib.parse import quote

import pytest

from keyfob_contract.report.masking import Mask, printable

VALUE = "kfb_Ky9Pf34qY6Nb3wWD25RQ4F5ZR3q3eIvKx"
TWIN = VALUE[:20] + "Z" * 17  # two values may begin alike
ODD = 's3cret+/="\\é'
MASK = Mask({VALUE: "RUNNER", TWIN: "TWIN", ODD: "ODD", "short": "SHORT"})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Bearer {VALUE}", "Bearer $RUNNER"),
        (f"{VALUE}{VALUE}", "$RUNNER$RUNNER"),
        (f"{TWIN} is not {VALUE}!", "$TWIN is not $RUNNER!"),
        (VALUE[:30], "$RUNNER…"),
        (f"b'{VALUE[:12]}", "b'$RUNNER…"),
        (f"{VALUE[:25]}?", "$RUNNER…?"),
        (f"?key={quote(ODD, safe='')}&a=b", "?key=$ODD&a=b"),
        (json.dumps({"key": ODD}), '{"key": "$ODD"}'),
        ("in short", "in $SHORT"),
    ],
    ids=["whole", "twice", "twins", "cut", "just_enough", "cut_within", "url", "json", "short"],
)
def test_a_value_gives_way_to_its_name(text: str, shown: str) -> None:
    assert MASK.hide(text) == shown


def test_a_hint_is_left_alone() -> None:
    hint = f"kfb_…{VALUE[-4:]}"
    assert MASK.hide(hint) == hint


def test_escapes_in_json_do_not_hide_a_value() -> None:
    body = b'{"key": "\\u006bfb_' + VALUE[4:].encode() + b'"}'
    assert MASK.hide_in_body(body) == '{"key": "$RUNNER"}'


def test_bytes_that_are_no_text_do_not_hide_a_value() -> None:
    assert MASK.hide_in_body(b"\xff" + VALUE.encode() + b"\xfe") == "ÿ$RUNNERþ"


def test_without_values_there_is_nothing_to_hide() -> None:
    assert Mask({}).hide(VALUE) == VALUE


def test_nothing_that_a_terminal_obeys_is_shown() -> None:
    assert printable("a\x1b[2J\u202e\ud800\0é\n") == "a\\x1b[2J\\u202e\\ud800\\x00é\n"
