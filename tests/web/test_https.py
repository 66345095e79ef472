"""The real server speaking TLS: certificates that change under load, strangers, and clients that hang."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from tests.testbed.processes import wait_until
from tests.web.certificates import NAME, Party, get, https, serial
from tests.web.rotation import put
from tests.web.server_process import Server, answer_of, message, timed

Launch = Callable[..., Server]


@pytest.fixture
def party(tmp_path: Path) -> Party:
    return Party(tmp_path)


@pytest.fixture
def secure(launch: Launch, party: Party) -> Server:
    return launch(**party.environment()).listening()


def post(server: Server, context: ssl.SSLContext) -> int:
    client = https(server.port, context)
    try:
        return server.post(message(), client)[0]
    finally:
        client.close()


def errors(server: Server) -> list[str]:
    return [line["msg"] for line in server.lines if line["level"] == "error" or "exc" in line]


def test_alerts_and_health_are_served_over_tls(secure: Server, party: Party) -> None:
    """And a connection is kept for the next message, as Alertmanager wants it."""
    client = https(secure.port, party.client())
    secure.post(message(), client)
    local = client.sock.getsockname()
    for _ in range(20):
        assert secure.post(message(), client)[0] == 202
    assert client.sock.getsockname() == local
    client.close()
    assert get(secure.port, party.client(), "/-/healthy") == (200, "healthy\n")
    assert get(secure.port, party.client(), "/-/ready")[0] == 200


def test_a_large_message_and_a_large_answer_pass(secure: Server, party: Party) -> None:
    client = https(secure.port, party.client())
    body = message(*({"alertname": "a", "pod": f"p-{number}"} for number in range(10_000)))
    assert secure.post(body, client)[1]["accepted"] == 10_000
    client.request("GET", "/api/v1/rollbacks/huge")
    assert len(client.getresponse().read()) > 20_000_000
    client.close()


def test_two_requests_in_one_record_are_both_answered(secure: Server, party: Party) -> None:
    """What TLS has decrypted already does not make the socket readable again.

    gunicorn reads 8192 bytes at once, so the first has just that many.
    """
    one = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nX-Long: "
    twice = one.ljust(8188, b"x") + b"\r\n\r\n" + one + b"x\r\nConnection: close\r\n\r\n"
    with party.client().wrap_socket(secure.connect(), server_hostname=NAME) as connection:
        connection.sendall(twice)
        answer = answer_of(connection)
    assert answer.count(b"HTTP/1.1 200 ") == 2


def test_the_certificate_changes_under_load_without_a_failed_request(secure: Server, party: Party) -> None:
    """New connections get the new one; those that are open go on; no message is lost."""
    first, enough, answers = serial(secure.port, party.client()), threading.Event(), list[int]()
    kept = https(secure.port, party.client())
    assert secure.post(message(), kept)[0] == 202

    def load() -> None:
        context = party.client()
        while not enough.is_set():
            answers.append(post(secure, context))

    seen = {first}
    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load) for _ in range(4)]
        try:
            for _ in range(5):
                party.renew()
                time.sleep(0.2)
                seen.add(serial(secure.port, party.client()))
            wait_until(
                "enough load", lambda: len(answers) > 20 or any(each.done() for each in loads), seconds=60
            )
        finally:
            enough.set()
        for each in loads:
            each.result()
    assert len(seen) == 6
    assert set(answers) == {202}
    assert secure.post(message(), kept)[0] == 202
    kept.close()


def test_a_broken_certificate_leaves_the_old_one_and_is_told_in_log_and_metric(
    secure: Server, party: Party
) -> None:
    first = serial(secure.port, party.client())
    put(party.files.cert, b"no certificate\n")
    assert serial(secure.port, party.client()) == first
    secure.says("the certificate read before stays in use")
    assert (
        "\nrollback_receiver_tls_last_reload_successful 0.0\n"
        in get(secure.port, party.client(), "/metrics")[1]
    )
    party.renew()
    assert serial(secure.port, party.client()) != first
    assert (
        "\nrollback_receiver_tls_last_reload_successful 1.0\n"
        in get(secure.port, party.client(), "/metrics")[1]
    )


def test_a_certificate_that_cannot_be_used_ends_the_start(launch: Launch, party: Party) -> None:
    """One line, exit 1, and never plain HTTP instead."""
    party.files.key.unlink()
    server = launch(**party.environment())
    assert server.end() == 1
    (line,) = server.lines
    assert line["msg"] == (
        f"cannot serve HTTPS: cannot use certificate {party.files.cert} with key {party.files.key}: "
        "No such file or directory"
    )


@pytest.fixture
def clients() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def closed(launch: Launch, party: Party, clients: trustme.CA, tmp_path: Path) -> Server:
    """A server that wants certificates of `clients`."""
    put(tmp_path / "clients.pem", clients.cert_pem.bytes())
    return launch(**party.environment(tmp_path / "clients.pem")).listening()


def test_a_client_of_our_ca_is_served(closed: Server, party: Party, clients: trustme.CA) -> None:
    assert post(closed, party.client(clients)) == 202
    assert get(closed.port, party.client(clients), "/metrics")[0] == 200


@pytest.mark.parametrize(
    "path", ["/alerts", "/metrics", "/api/v1/rollbacks", "/", "/login", "/static/x", "/nothing"]
)
def test_a_client_without_a_certificate_gets_a_403(closed: Server, party: Party, path: str) -> None:
    status, text = get(closed.port, party.client(), path)
    assert status == 403
    assert "client certificate" in text


def test_a_kubelet_without_a_certificate_may_probe(closed: Server, party: Party) -> None:
    assert get(closed.port, party.client(), "/-/healthy")[0] == 200
    assert get(closed.port, party.client(), "/-/ready")[0] == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_client_of_another_ca_is_refused_by_the_handshake(
    closed: Server, party: Party, version: ssl.TLSVersion
) -> None:
    """Its own health probe too; the log names the reason and the client, without a traceback."""
    context = party.client(trustme.CA())
    context.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        get(closed.port, context, "/-/healthy")
    line = closed.says("TLS handshake failed")
    assert line["client"] == "127.0.0.1"
    assert not errors(closed)


def test_the_clients_ca_changes_without_a_restart(
    closed: Server, party: Party, clients: trustme.CA, tmp_path: Path
) -> None:
    other = trustme.CA()
    put(tmp_path / "clients.pem", other.cert_pem.bytes())
    assert post(closed, party.client(other)) == 202
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        post(closed, party.client(clients))


def test_plain_http_on_the_port_is_told_so(secure: Server, party: Party) -> None:
    with secure.connect() as connection:
        connection.sendall(b"POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{}   ")
        answer = answer_of(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert body == b"this port speaks HTTPS: use https://\r\n"
    assert f"Content-Length: {len(body)}".encode() in head
    assert post(secure, party.client()) == 202
    assert not errors(secure)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 600, id="no hello"),
        pytest.param(b"\x16\xff\xff\xff\xff", id="no record"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_handshake_is_closed_without_a_traceback(
    secure: Server, party: Party, start: bytes
) -> None:
    with secure.connect() as connection:
        connection.sendall(start)
        connection.shutdown(socket.SHUT_WR)
        answer_of(connection)
    assert post(secure, party.client()) == 202
    assert not errors(secure)


def test_versions_before_1_2_are_refused(secure: Server, party: Party) -> None:
    context = party.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        serial(secure.port, context)
    assert not errors(secure)


def hang(server: Server, sent: bytes) -> float:
    """Begin a handshake and stop; return how long the server bore that."""
    with server.connect() as connection:
        began = time.monotonic()
        connection.sendall(sent)
        with suppress(ConnectionError):
            connection.recv(1)
        return time.monotonic() - began


def test_handshakes_that_hang_block_nobody(secure: Server, party: Party) -> None:
    """Twenty in the middle of their hello, twenty silent: others are served, and those cut off after 5 s."""
    with ThreadPoolExecutor(40) as pool:
        hanging = [pool.submit(hang, secure, start) for start in [b"\x16\x03\x01\x02\x00\x01", b""] * 20]
        time.sleep(0.5)
        waited = timed(lambda: post(secure, party.client()))
        borne = [future.result() for future in hanging]
    assert min(borne) > 4
    assert waited < min(borne)
    assert max(borne) < 30
    assert not errors(secure)


def test_a_request_that_hangs_inside_tls_is_ended(secure: Server, party: Party) -> None:
    """The same 5 s as in plain HTTP, told as something to retry."""
    with party.client().wrap_socket(secure.connect(), server_hostname=NAME) as connection:
        connection.sendall(b"POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        began = time.monotonic()
        answer = answer_of(connection)
    assert time.monotonic() - began < 30
    assert answer.startswith(b"HTTP/1.1 503 ")
