"""Connections on which nobody is waited for too long, plain and TLS."""

import errno
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gunicorn.http.errors import NoMoreData

ARRIVAL_SECONDS = 5.0
ANSWER_SECONDS = 10.0
LINGER_SECONDS = 2.0


class BoundedSocket(socket.socket):
    """A connection on which a request has 5 s to arrive and an answer 10 s to be taken.

    What counts is the time spent waiting in recv: neither a request that waits for its thread nor a large
    body that waits for its turn has less of it, and a byte a second does not gain any.
    """

    _patience_seconds = ARRIVAL_SECONDS

    def start_request(self) -> None:
        """Give the next request its full time."""
        self._patience_seconds = ARRIVAL_SECONDS

    @property
    def out_of_patience(self) -> bool:
        """Tell whether the request took too long to arrive."""
        return self._patience_seconds <= 0

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive as socket.recv does.

        Raises:
            NoMoreData: the request's time is up; gunicorn then ends the connection.
        """
        with self._patience():
            return super().recv(bufsize, flags)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send as socket.sendall does; whoever takes nothing of it for 10 s has hung up."""
        self.settimeout(ANSWER_SECONDS)
        try:
            super().sendall(data, flags)
        except TimeoutError as e:
            raise BrokenPipeError(errno.EPIPE, "the client does not read its answer") from e

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self.shutdown(socket.SHUT_WR)

    @contextmanager
    def _patience(self) -> Iterator[None]:
        if self.out_of_patience:
            raise NoMoreData("too slow")
        own = self.gettimeout()
        self.settimeout(self._patience_seconds if own is None else min(own, self._patience_seconds))
        started = time.monotonic()
        try:
            yield
        except TimeoutError as e:
            raise NoMoreData("too slow") from e
        finally:
            self._patience_seconds -= time.monotonic() - started


class BoundedTlsSocket(BoundedSocket, ssl.SSLSocket):  # type: ignore[misc]
    """The same inside TLS; the handshake is part of the first request's time. Made by an SSLContext alone."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands as SSLSocket.do_handshake does.

        Raises:
            NoMoreData: the request's time is up.
        """
        with self._patience():
            super().do_handshake(block)

    def end(self) -> None:
        """Say so in TLS, without waiting for the client's answer to that, and below it."""
        self.settimeout(0)
        with suppress(OSError, ValueError):
            self.unwrap()
        super().end()


def linger(sock: BoundedSocket) -> None:
    """Wait until the client has closed its side, discarding what it still sends.

    Closing at once, with unread bytes on the connection, would reset it and take the answer with it.
    """
    deadline = time.monotonic() + LINGER_SECONDS
    with suppress(OSError):
        sock.end()
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not socket.socket.recv(sock, 65536):
                return
