"""The real server on loopback, against clients that are slow, silent, oversized or never leave."""

import http.client
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.web.server_process import Server, answer_of, message, timed

HALF = b"POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"
CLOSING = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def test_stored_message_gets_202(server: Server) -> None:
    """The whole way: socket, gunicorn, Flask, the receiver and back."""
    assert server.post(message({"a": "b"})) == (202, {"accepted": 1, "ignored": 0, "records": ["r-1"]})


def test_half_sent_requests_leave_a_good_one_served(server: Server) -> None:
    """Twenty stop in the middle of the body, twenty in the head, twenty are silent: nobody waits for them."""
    open_connections = [server.connect() for _ in range(60)]
    for connection, start in zip(open_connections, [HALF, HALF[:20], b""] * 20, strict=True):
        connection.sendall(start)
    time.sleep(0.3)
    assert timed(lambda: server.post(message())) < 4
    for connection in open_connections:
        connection.close()


def drip(server: Server, start: bytes) -> float:
    """Send the start, then five bytes a second, until the server ends it; return how long it bore that."""
    with server.connect() as connection:
        began = time.monotonic()
        connection.sendall(start)
        connection.settimeout(0.2)
        with suppress(ConnectionError):
            while time.monotonic() - began < 20:
                connection.sendall(b"x")
                with suppress(TimeoutError):
                    if not connection.recv(4096):
                        break
        return time.monotonic() - began


def test_slow_drip_is_ended(server: Server) -> None:
    """More drippers than threads, in head and body: each is cut off after 5 s, and then others are served."""
    starts = [HALF, b"POST /alerts HTTP/1.1\r\nX-A: "] * 40
    with ThreadPoolExecutor(80) as pool:
        dripping = [pool.submit(drip, server, start) for start in starts]
        time.sleep(0.5)
        waited = timed(lambda: server.post(message()))
        borne = [future.result() for future in dripping]
    assert waited < 15
    assert max(borne) < 19, "64 threads, 80 drippers: the last ones wait for a thread first"
    assert min(borne) > 4


def test_slow_body_is_something_to_retry(server: Server) -> None:
    """What did not arrive in time gets a 5xx, because it may next time."""
    with server.connect() as connection:
        connection.sendall(HALF)
        answer = answer_of(connection)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: " in answer
    assert b"\r\nConnection: close\r\n" in answer


def test_lingering_clients_stall_nobody(server: Server) -> None:
    """Clients that got their answer and do not hang up: gunicorn 27 alone waits 2 s for each, one by one."""
    lingering = [server.connect() for _ in range(10)]
    began = time.monotonic()
    for connection in lingering:
        connection.sendall(CLOSING)
    answers = [answer_of(connection) for connection in lingering]
    for _ in range(10):
        server.post(message())
    assert time.monotonic() - began < 8
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    for connection in lingering:
        connection.close()


def test_connection_is_kept_alive(server: Server) -> None:
    """Alertmanager sends one message after the other on one connection."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    server.post(message(), client)
    local = client.sock.getsockname()
    for _ in range(20):
        assert server.post(message(), client)[0] == 202
    assert client.sock.getsockname() == local
    client.close()


BAD_REQUESTS = [
    pytest.param(
        b"POST /alerts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        411,
        id="chunked",
    ),
    pytest.param(b"POST /alerts HTTP/1.1\r\nHost: x\r\n\r\n", 411, id="no length"),
    pytest.param(b"POST /alerts HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 400, id="negative length"),
    pytest.param(b"POST /alerts HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", 400, id="no number"),
    pytest.param(
        b"POST /alerts HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413, id="huge, body never sent"
    ),
    pytest.param(
        b"POST /alerts HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400, id="both"
    ),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="TLS"),
    pytest.param(b"GET /\x1b[2J\nfake HTTP/1.1\r\n\r\n", 400, id="control characters"),
    pytest.param(b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\n\r\n", 414, id="long line"),
    pytest.param(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431, id="many headers"),
    pytest.param(
        b"GET /nothing HTTP/1.1\r\nSCRIPT_NAME: /x\r\nConnection: close\r\n\r\n", 404, id="script name"
    ),
]


@pytest.mark.parametrize(("request_bytes", "status"), BAD_REQUESTS)
def test_bad_request_is_refused_at_once(server: Server, request_bytes: bytes, status: int) -> None:
    """A clear 4xx, no waiting for what was announced, and every line of the log is one object."""
    with server.connect() as connection:
        connection.sendall(request_bytes)
        started = time.monotonic()
        head = connection.recv(65536)
        assert time.monotonic() - started < 4
    assert int(head.split()[1]) == status
    assert server.post(message())[0] == 202
    assert all(line["level"] != "error" for line in server.lines)


def test_oversized_body_is_refused_cleanly(server: Server) -> None:
    """The client that sends it all gets to read the 413, and memory does not grow by it."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    client.request("POST", "/alerts", b"x" * (17 * 1024 * 1024))
    answer = client.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (413, "close")
    assert "at most 16777216 are taken" in json.loads(answer.read())["error"]
    client.close()


def test_body_that_ends_early_is_a_400(server: Server) -> None:
    """The client has closed its side: nothing more will come."""
    with server.connect() as connection:
        connection.sendall(HALF)
        connection.shutdown(socket.SHUT_WR)
        answer = answer_of(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"ends after 1 of the 500 bytes" in answer


def test_ten_thousand_alerts_are_answered(server: Server) -> None:
    """A group of any size that fits is one message."""
    body = message(*({"alertname": "a", "pod": f"p-{number}"} for number in range(10_000)))
    assert timed(lambda: server.post(body)) < 10
    assert server.post(body)[1]["accepted"] == 10_000


def test_token_is_asked_for_before_the_body(launch: Callable[..., Server], tmp_path: Path) -> None:
    """A stranger's body is not waited for."""
    token = tmp_path / "token"
    token.write_text("secret\n")
    server = launch(WEBHOOK_TOKEN=str(token)).listening()
    with server.connect() as connection:
        connection.sendall(HALF)
        started = time.monotonic()
        answer = connection.recv(65536)
        assert time.monotonic() - started < 4
    assert answer.startswith(b"HTTP/1.1 401 ")
