import pytest

from keyfob.gate.client_address import came_over_tls, client_address

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


@pytest.mark.parametrize(
    ("scheme", "lines", "trusted", "expected"),
    [
        ("http", [], 0, False),
        ("https", [], 0, True),
        ("http", ["https"], 0, False),
        ("http", ["https"], 1, True),
        ("http", ["https", "HTTP"], 1, False),
        ("http", [], 1, False),
    ],
)
def test_tls_is_what_the_server_sees_or_a_trusted_proxy_tells(
    scheme: str, lines: list[str], trusted: int, *, expected: bool
) -> None:
    headers = [(b"x-forwarded-proto", line.encode()) for line in lines]

    assert came_over_tls(scheme, headers, trusted) is expected
