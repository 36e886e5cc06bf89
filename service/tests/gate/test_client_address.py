import pytest

from keyfob.gate.client_address import client_address

PEER = "10.0.0.9"


@pytest.mark.parametrize(
    ("lines", "trusted", "expected"),
    [
        ([], 0, PEER),
        (["203.0.113.7"], 0, PEER),
        (["203.0.113.7"], 1, "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7"], 1, "203.0.113.7"),
        (["6.6.6.6", "203.0.113.7"], 1, "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7, 10.0.0.2"], 2, "203.0.113.7"),
        ([], 1, PEER),
        (["203.0.113.7"], 2, PEER),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(
    lines: list[str], trusted: int, expected: str
) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]

    assert client_address(PEER, headers, trusted) == expected
