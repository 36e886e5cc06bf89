"""The server as a process: it starts or says why not, keeps its manners, and stops in order."""

import json
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from processes import DEADLINE_SECONDS, Operator, Server, outdate, wait_until
from valkey_server import free_port

import keyfob


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    return Operator(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def server(shared: Operator) -> Iterator[Server]:
    with shared.serving() as server:
        yield server


@pytest.fixture(scope="module")
def key(shared: Operator) -> str:
    return shared.organization().key_value


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS)


def exchange(server: Server, *chunks: bytes) -> bytes:
    """Send bytes as they are, and answer all that comes until the server hangs up."""
    with connect(server) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        return read_to_end(connection)


def read_to_end(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def read_one(connection: socket.socket) -> bytes:
    """Answer one reply on a connection that lives on; head and body may come apart."""
    received = b""
    while not received.endswith(b"}"):
        chunk = connection.recv(65536)
        assert chunk, received
        received += chunk
    return received


def parse(reply: bytes) -> tuple[int, dict[str, str], Any]:
    """Take one reply apart: status, headers, body."""
    head, _, body = reply.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert int(headers["content-length"]) == len(body)
    return int(status.split()[1]), headers, json.loads(body)


def split(replies: bytes) -> list[bytes]:
    return [b"HTTP/1.1 " + reply for reply in replies.split(b"HTTP/1.1 ")[1:]]


def demand_refusal(server: Server, reply: bytes, pointer: str) -> None:
    """Check that a reply is the envelope for malformed HTTP, and has one line in the log."""
    status, headers, body = parse(reply)
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers["connection"] == "close"
    assert "server" not in headers
    assert list(body) == ["error"]
    error = body["error"]
    assert set(error) == {"code", "message", "details", "requestId"}
    assert error["code"] == "VALIDATION_FAILED"
    (field,) = error["details"]["fields"]
    assert field["pointer"] == pointer
    assert field["message"]
    request_id = error["requestId"]
    assert headers["x-request-id"] == request_id.lower()
    line = server.line(request_id=request_id)
    assert line["event"] == "request"
    assert (line["status"], line["code"]) == (400, "VALIDATION_FAILED")


MALFORMED = [
    pytest.param(b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "", id="method"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "", id="TLS"),
    pytest.param(b"GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="non-ascii-path"),
    pytest.param(b"GET /a?q=\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="non-ascii-query"),
    pytest.param(b"GET /two words HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="space-in-path"),
    pytest.param(b"CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="connect"),
    pytest.param(b"GET http://a.example HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="no-path"),
    pytest.param(b"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="connect-path"),
    pytest.param(b"GET /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="fragment"),
    pytest.param(b"GET / HTTP/3.7\r\n\r\n", "", id="version"),
    pytest.param(b"GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", "", id="version-2"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "", id="preface-of-http-2"),
    pytest.param(b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n", "", id="half-a-preface"),
    pytest.param(b"GET /healthz HTTP/1.1\r\n\r\n", "", id="no-host"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "", id="two-hosts"),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "",
        id="coding",
    ),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "", id="content-length"
    ),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "", id="negative-length"
    ),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "",
        id="two-lengths",
    ),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost : a\r\n\r\n", "", id="header-name"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n", "", id="header-value"),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "", id="chunk"
    ),
    pytest.param(
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="long-path"
    ),
    pytest.param(
        b"GET /?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "/path", id="long-query"
    ),
    pytest.param(b"GET /" + b"a" * 4_000_000, "/path", id="endless-path"),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", "", id="long-header"
    ),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 4_000_000, "", id="endless-header"),
    pytest.param(
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", "", id="many-headers"
    ),
]


@pytest.mark.parametrize(("request_bytes", "pointer"), MALFORMED)
def test_malformed_http_is_refused_in_the_envelope(
    server: Server, request_bytes: bytes, pointer: str
) -> None:
    demand_refusal(server, exchange(server, request_bytes), pointer)


@pytest.mark.parametrize("rest", [b"\r\nSM\r\n\r\n", b"Host: a\r\n\r\n"])
def test_client_of_http_2_is_told_what_is_spoken_here(server: Server, rest: bytes) -> None:
    _, _, body = parse(exchange(server, b"PRI * HTTP/2.0\r\n" + rest))
    (field,) = body["error"]["details"]["fields"]
    assert field["message"] == "is neither HTTP/1.1 nor HTTP/1.0"


def test_refused_head_request_gets_no_body(server: Server) -> None:
    reply = exchange(server, b"HEAD /healthz#x HTTP/1.1\r\nHost: a\r\n\r\n")
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b""


def test_over_long_body_is_refused_before_it_is_whole_and_the_connection_lives(
    server: Server, key: str
) -> None:
    head = b"POST /v1/sites HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key.encode()
    with connect(server) as connection:
        connection.sendall(head + b"\r\nContent-Length: 200000\r\n\r\n" + b"x" * 70_000)
        assert parse(read_one(connection))[0] == 413
        connection.sendall(b"x" * 130_000)
        connection.sendall(head.replace(b"POST", b"GET") + b"\r\nConnection: close\r\n\r\n")
        assert parse(read_to_end(connection))[0] == 200


def test_head_that_never_ends_is_refused_while_it_is_being_read(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        for _ in range(600):
            connection.sendall(b"X: " + b"y" * 500 + b"\r\n")
        demand_refusal(server, read_to_end(connection), "")


def test_requests_before_a_malformed_one_are_answered_first(server: Server, key: str) -> None:
    whole = (
        b"GET /v1/api-keys/current HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key.encode() + b"\r\n\r\n"
    )
    received = exchange(server, whole * 3 + b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n")
    *answered, refused = split(received)
    assert [parse(reply)[0] for reply in answered] == [200, 200, 200]
    demand_refusal(server, refused, "")


def test_body_that_breaks_after_its_beginning_is_refused_once(server: Server, key: str) -> None:
    head = (
        b"POST /v1/sites HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-API-Key: "
        + key.encode()
    )
    with connect(server) as connection:
        connection.sendall(head + b"\r\nContent-Type: application/json\r\n\r\n2\r\n{}\r\n")
        connection.sendall(b"no chunk\r\n")
        demand_refusal(server, read_to_end(connection), "")


def test_trailer_is_no_header(server: Server, key: str) -> None:
    head = b"POST /v1/sites HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    trailer = b"2\r\n{}\r\n0\r\nX-API-Key: " + key.encode() + b"\r\n\r\n"
    status, _, body = parse(exchange(server, head + trailer))
    assert (status, body["error"]["code"]) == (401, "API_KEY_MISSING")


def test_spaces_and_tabs_around_a_header_are_no_part_of_it(server: Server, key: str) -> None:
    """RFC 9110, section 5.5."""
    request = (
        "POST /v1/sites HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{credential}\r\n"
        "Content-Type: application/json{space}\r\nContent-Length: 14{space}\r\n"
        'Idempotency-Key:{space}once{space}\r\n\r\n{{"name": "HQ"}}'
    )
    replies = [
        parse(exchange(server, request.format(credential=credential, space=space).encode()))
        for space in (" ", " \t ")
        for credential in (
            f"X-API-Key:{space}{key}{space}",
            f"Authorization:{space}Bearer {key}{space}",
        )
    ]
    assert [status for status, _, _ in replies] == [201] * 4
    assert len({site["id"] for _, _, site in replies}) == 1


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
def test_offer_to_upgrade_is_ignored_and_loses_no_body(
    server: Server, key: str, protocol: bytes
) -> None:
    """Java's HTTP client offers h2c with every first request."""
    body = b'{"name": "HQ"}'
    head = (
        b"POST /v1/sites HTTP/1.1\r\nHost: a\r\n"
        b"Connection: Upgrade\r\nUpgrade: %b\r\nX-API-Key: %b\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    ) % (protocol, key.encode(), len(body))
    last = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(head)
        connection.sendall(body)
        connection.sendall(last)
        created, alive = map(parse, split(read_to_end(connection)))
    assert (created[0], created[2]["name"]) == (201, "HQ")
    assert alive[0] == 200


def test_http_1_0_is_answered_and_hung_up_on(server: Server) -> None:
    status, headers, body = parse(exchange(server, b"GET /healthz HTTP/1.0\r\n\r\n"))
    assert (status, headers["connection"], body) == (200, "close", {"status": "alive"})


def test_clients_that_dawdle_hold_nobody_up(server: Server, key: str) -> None:
    """Far more unfinished requests than there are threads, and others are answered meanwhile."""
    unfinished = [
        b"GET /v1/api-keys HT",
        b"GET /v1/api-keys HTTP/1.1\r\nHost: a\r\nX-API-Key: " + key.encode(),
        b"POST /v1/sites HTTP/1.1\r\nHost: a\r\nX-API-Key: "
        + key.encode()
        + b"\r\nContent-Length: 9\r\n\r\n{",
    ]
    with ExitStack() as open_connections:
        for number in range(150):
            connection = open_connections.enter_context(connect(server))
            connection.sendall(unfinished[number % len(unfinished)])
        reply = server.get("/v1/api-keys", key)
    assert reply.status_code == 200


def test_each_request_leaves_one_line_of_json_with_its_request_id(server: Server, key: str) -> None:
    replies = [
        server.get("/v1/api-keys?limit=1&q=needle-in-the-query", key),
        server.send("POST", "/v1/sites", key, json={"name": "needle-in-the-body"}),
        server.get("/no/such/path", key),
        server.get("/v1/api-keys", "needle-in-the-header"),
    ]
    assert [reply.status_code for reply in replies] == [200, 201, 404, 401]
    for reply in replies:
        line = server.line(request_id=reply.headers["X-Request-Id"])
        assert (line["event"], line["status"]) == ("request", reply.status_code)
        assert line["client"] == "127.0.0.1"
    assert "needle" not in server.log_file.read_text()


def test_trace_that_a_request_belongs_to_is_in_its_line_and_in_no_reply(server: Server) -> None:
    trace_id, parent_id = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    valid = f"Traceparent: 00-{trace_id}-{parent_id}-01\r\n"
    invalid = f"Traceparent: 00-{'0' * 32}-{parent_id}-01\r\n"

    def traced(sent: str) -> tuple[str | None, str | None]:
        head = f"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{sent}\r\n"
        reply = exchange(server, head.encode())
        assert b"traceparent" not in reply.lower()
        assert parent_id.encode() not in reply
        request_id = reply.partition(b"x-request-id: ")[2].split()[0].decode()
        line = server.line(request_id=request_id)
        return line.get("trace_id"), line.get("parent_id")

    assert traced(valid) == (trace_id, parent_id)
    assert traced("") == traced(invalid) == traced(valid + valid) == (None, None)


def test_value_sent_anywhere_reaches_no_output(server: Server, key: str) -> None:
    secret = key.removeprefix("kfb_")
    spelt_out = "".join(f"%{ord(character):02x}" for character in key)
    cut = f"/{'x' * 166}/{key}"  # where the log cuts long paths
    for path in (f"/{key}", f"/v1/api-keys/{key}", f"/kfb%5F{secret}", cut):
        server.get(path)
        server.get(path, key)
    server.get(f"/v1/api-keys?key={key}&{key}=1")
    server.get(f"/no/such/path?key={key}")
    server.get("/v1/api-keys", headers={"Authorization": f"Basic {key}", "User-Agent": key})
    server.send("POST", "/v1/sites", key, json={key: key})
    server.send("POST", f"/healthz/{key}", content=key)
    exchange(server, f"GET /x/{spelt_out} HTTP/1.0\r\n\r\n".encode())  # httpx would decode it
    for request in (
        b"BREW /%b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"%b",
        b"GET /%b\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ):
        exchange(server, request % key.encode())
    exchange(server, b"GET / HTTP/1.1\r\nHost: a\r\n%b : x\r\n\r\n" % key.encode())
    written = server.log_file.read_text()
    assert len(server.log(event="request")) > 10
    assert secret[:23] not in written


# --- starting ------------------------------------------------------------------------------


def test_port_in_use_is_told_in_a_sentence(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = operator.run("serve", "--port", port)
    assert (refused.code, refused.out) == (2, "")
    assert f"Error: Port {port} of 127.0.0.1 is in use" in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    ("host", "settings", "complaint"),
    [
        ("no-such-host.invalid", {"KEYFOB_PEPPER": "x" * 32}, "is no address of this machine"),
        ("192.0.2.1", {"KEYFOB_PEPPER": "x" * 32}, "Cannot listen on port 0 of 192.0.2.1"),
        ("0.0.0.0", {}, "demands KEYFOB_PEPPER"),  # noqa: S104  it is refused
    ],
    ids=["unknown", "foreign", "pepper"],
)
def test_host_that_cannot_be_served_is_told_in_a_sentence(
    operator: Operator, host: str, settings: dict[str, str], complaint: str
) -> None:
    refused = operator.run("serve", "--host", host, "--port", "0", **settings)
    assert (refused.code, refused.out) == (2, "")
    assert complaint in refused.err
    assert "Traceback" not in refused.err


def test_store_of_a_newer_version_is_refused_with_a_sentence(operator: Operator) -> None:
    operator.organization()
    outdate(operator.database)
    refused = operator.run("serve", "--port", "0")
    assert (refused.code, refused.out) == (2, "")
    assert "9999_from_the_future, which Keyfob" in refused.err
    assert "Traceback" not in refused.err


def test_spec_and_handlers_that_do_not_fit_stop_the_start(operator: Operator) -> None:
    source = operator.folder / "source"
    shutil.copytree(Path(keyfob.__file__).parent, source / "keyfob")
    spec = Path(keyfob.__file__).parents[2] / "openapi.yaml"
    altered = spec.read_text().replace("operationId: listSites", "operationId: listCastles")
    (source / "keyfob" / "openapi.yaml").write_text(altered)
    refused = operator.run("serve", "--port", "0", PYTHONPATH=str(source))
    assert (refused.code, refused.out) == (2, "")
    assert "openapi.yaml and the code do not fit together" in refused.err
    assert "list_castles" in refused.err
    assert "Traceback" not in refused.err


def test_two_servers_started_at_once_on_a_fresh_store_both_come_up(operator: Operator) -> None:
    with operator.serving() as one, operator.serving() as other:
        assert one.port != other.port
        made = operator.organization().key_value
        for each in (one, other):
            assert each.get("/v1/api-keys/current", made).status_code == 200


def test_several_workers_without_a_shared_limiter_are_refused(operator: Operator) -> None:
    refused = operator.run("serve", "--port", "0", "--workers", "2")
    assert (refused.code, refused.out) == (2, "")
    assert "REDIS_URL" in refused.err
    assert "KEYFOB_LIMITS=process" in refused.err
    assert not operator.database.exists()


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({}, "Set REDIS_URL to let them share the limits, or KEYFOB_LIMITS=process"),
        ({"KEYFOB_LIMITS": "process"}, "A store in PostgreSQL demands KEYFOB_PEPPER"),
        (
            {"KEYFOB_LIMITS": "process", "KEYFOB_PEPPER": "x" * 32},
            "The store does not answer: connection failed",
        ),
    ],
    ids=["limits", "pepper", "server"],
)
def test_what_a_store_in_postgresql_lacks_is_told_in_a_sentence(
    operator: Operator, settings: dict[str, str], complaint: str
) -> None:
    settings = {"DATABASE_URL": f"postgresql://u:sesame@127.0.0.1:{free_port()}/d", **settings}
    refused = operator.run("serve", "--port", "0", **settings)
    assert (refused.code, refused.out) == (2, "")
    assert complaint in refused.err
    assert "sesame" not in refused.err
    assert "Traceback" not in refused.err


def test_several_workers_serve_and_stop_together(operator: Operator) -> None:
    with operator.serving("--workers", "2", KEYFOB_LIMITS="process") as server:
        made = operator.organization().key_value
        for _ in range(20):
            reply = server.get("/v1/api-keys", made)
            assert reply.status_code == 200
            line = server.line(request_id=reply.headers["X-Request-Id"])
            assert line["operation"] == "listApiKeys"
        assert server.stop() == 0
        assert is_closed(server)


def test_workers_stop_when_their_parent_is_killed(operator: Operator) -> None:
    with operator.serving("--workers", "2", KEYFOB_LIMITS="process") as server:
        assert server.get("/readyz").is_success
        server.stop(signal.SIGKILL)
        wait_until(lambda: is_closed(server))


# --- stopping ------------------------------------------------------------------------------


def is_closed(server: Server) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", server.port)) != 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_request_in_flight_at_the_stop_is_answered(
    operator: Operator, number: signal.Signals
) -> None:
    made = operator.organization().key_value.encode()
    head = b"POST /v1/sites HTTP/1.1\r\nHost: a\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: 14\r\n"
    with operator.serving() as server, connect(server) as connection, connect(server) as idle:
        connection.sendall(head + b"X-API-Key: " + made + b"\r\n\r\n" + b'{"name"')
        assert server.get("/readyz").is_success
        server.process.send_signal(number)
        wait_until(lambda: is_closed(server))
        assert read_to_end(idle) == b""
        connection.sendall(b': "HQ"}')
        status, headers, body = parse(read_to_end(connection))
        assert (status, body["name"], headers["connection"]) == (201, "HQ", "close")
        assert server.process.wait(DEADLINE_SECONDS) == 0
        assert server.line(event="request", status=201)
        assert server.line(event="stopped")
