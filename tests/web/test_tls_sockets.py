"""The server's end of a TLS connection, without a server."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from gunicorn.http.errors import NoMoreData

from receiver.web import sockets
from receiver.web.sockets import BoundedTlsSocket, linger
from receiver.web.tls import Certificates
from tests.web.certificates import NAME, Party

Pair = tuple[BoundedTlsSocket, socket.socket]
LARGE = b"x" * 50_000_000


@pytest.fixture
def party(tmp_path: Path) -> Party:
    return Party(tmp_path)


@pytest.fixture
def raw(party: Party) -> Iterator[Pair]:
    """Ours before the handshake, and the client's plain end."""
    ours, theirs = socket.socketpair()
    context = Certificates(party.files).context()
    wrapped = context.wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
    assert isinstance(wrapped, BoundedTlsSocket)
    yield wrapped, theirs
    wrapped.close()
    theirs.close()


@pytest.fixture
def pair(raw: Pair, party: Party) -> Iterator[Pair]:
    """Both ends after the handshake; a client that is cut off without a goodbye hears an error."""
    ours, theirs = raw
    with ThreadPoolExecutor(1) as pool:
        shaking = pool.submit(ours.do_handshake)
        client = party.client().wrap_socket(theirs, server_hostname=NAME, suppress_ragged_eofs=False)
        shaking.result()
    yield ours, client
    client.close()


def test_a_handshake_that_stops_is_given_up(raw: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte does not last longer than nothing at all."""
    monkeypatch.setattr(sockets, "ARRIVAL_SECONDS", 0.3)
    ours, theirs = raw
    ours.start_request()
    enough = threading.Event()

    def drip() -> None:
        theirs.send(b"\x16\x03\x01\x02\x00")
        while not enough.wait(0.05):
            theirs.send(b"\x01")

    dripping = threading.Thread(target=drip)
    dripping.start()
    with pytest.raises(NoMoreData):
        ours.do_handshake()
    enough.set()
    dripping.join()
    assert ours.out_of_patience


def test_a_client_that_reads_nothing_has_hung_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "ANSWER_SECONDS", 0.1)
    with pytest.raises(BrokenPipeError):
        pair[0].sendall(LARGE)


def test_a_client_that_reads_a_little_at_a_time_does_not_last_longer(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is the answer's, not each record's."""
    monkeypatch.setattr(sockets, "ANSWER_SECONDS", 0.3)
    ours, client = pair
    enough = threading.Event()

    def sip() -> None:
        while not enough.wait(0.005):
            client.recv(16384)

    sipping = threading.Thread(target=sip)
    sipping.start()
    with pytest.raises(BrokenPipeError):
        ours.sendall(LARGE)
    enough.set()
    sipping.join()


def test_the_client_hears_in_tls_that_the_answer_is_whole(pair: Pair) -> None:
    """Else it could not tell the end from an attacker's cut."""
    ours, client = pair
    ours.sendall(b"answer")
    ours.end()
    assert (client.recv(100), client.recv(100)) == (b"answer", b"")


def test_lingering_ends_with_the_client(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "LINGER_SECONDS", 60.0)
    ours, client = pair
    client.sendall(b"unread")
    client.close()
    started = time.monotonic()
    linger(ours)
    assert time.monotonic() - started < 30
