"""The worker's sockets, without a server."""

import errno
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from gunicorn.http.errors import NoMoreData

from receiver.web import sockets, worker
from receiver.web.sockets import BoundedSocket


@pytest.fixture
def pair() -> Iterator[tuple[BoundedSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    bounded = BoundedSocket(ours.family, ours.type, ours.proto, fileno=ours.detach())
    yield bounded, theirs
    bounded.close()
    theirs.close()


Pair = tuple[BoundedSocket, socket.socket]


def test_waiting_uses_up_the_requests_time(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte by byte does not last longer than nothing at all."""
    monkeypatch.setattr(sockets, "ARRIVAL_SECONDS", 0.3)
    bounded, theirs = pair
    bounded.start_request()

    enough = threading.Event()

    def drip() -> None:
        while not enough.wait(0.05):
            theirs.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    started = time.monotonic()
    with pytest.raises(NoMoreData):
        list(iter(lambda: bounded.recv(10), b""))
    taken = time.monotonic() - started
    enough.set()
    dripping.join()
    assert 0.25 < taken < 60
    assert bounded.out_of_patience
    with pytest.raises(NoMoreData):
        bounded.recv(10)
    theirs.send(b"x")
    bounded.start_request()
    assert bounded.recv(1) == b"x"


def test_time_that_the_server_takes_is_not_the_requests(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there already is read, however late its turn comes."""
    monkeypatch.setattr(sockets, "ARRIVAL_SECONDS", 0.1)
    bounded, theirs = pair
    bounded.start_request()
    theirs.send(b"abc")
    time.sleep(0.2)
    assert bounded.recv(10) == b"abc"


def test_shorter_timeout_of_the_caller_holds(pair: Pair) -> None:
    """gunicorn bounds its own draining of a body."""
    bounded, _ = pair
    bounded.settimeout(0.05)
    started = time.monotonic()
    with pytest.raises(NoMoreData):
        bounded.recv(10)
    assert time.monotonic() - started < 4
    assert not bounded.out_of_patience


def test_client_that_reads_nothing_has_hung_up(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody takes does not hold its thread."""
    monkeypatch.setattr(sockets, "ANSWER_SECONDS", 0.1)
    bounded, _ = pair
    with pytest.raises(BrokenPipeError):
        bounded.sendall(b"x" * 10_000_000)


def test_lingering_ends(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the client's end, and after its time at the latest."""
    monkeypatch.setattr(sockets, "LINGER_SECONDS", 1.0)
    bounded, theirs = pair
    theirs.send(b"x" * 1000)
    started = time.monotonic()
    sockets.linger(bounded)
    assert 0.75 < time.monotonic() - started < 30
    monkeypatch.setattr(sockets, "LINGER_SECONDS", 60.0)
    theirs.close()
    started = time.monotonic()
    sockets.linger(bounded)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ECONNABORTED])
def test_failed_accept_is_borne(number: int) -> None:
    """Too many open files is no reason to die; the accept loop tries again."""
    worker._tolerate(OSError(number, "x"))


def test_broken_listener_is_not_borne() -> None:
    """Nothing can be accepted ever again."""
    with pytest.raises(OSError, match="x"):
        worker._tolerate(OSError(errno.EBADF, "x"))
