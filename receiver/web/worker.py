"""gunicorn's threaded worker, made to outlast clients that are silent, slow, or never leave.

What gunicorn 27.0 does and this must not do: give a thread to a connection before its first byte; wait for
ever for the rest of a request, or for a reader of the answer; close connections on the accept loop, where it
waits 2 s for each client that stays; drop an application's `Connection: close`. Each override says which of
these it is for. gunicorn promises none of the names used here: pyproject pins its version, test_server
measures the outcome.
"""

import errno
import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

log = logging.getLogger(__name__)

ARRIVAL_SECONDS = 5.0
ANSWER_SECONDS = 10.0
LINGER_SECONDS = 2.0
OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
GONE_ALREADY = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EINTR})

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BoundedSocket(socket.socket):
    """A connection on which a request has 5 s to arrive and an answer 10 s to be taken.

    What counts is the time spent waiting in recv: neither a request that waits for its thread nor a large
    body that waits for its turn has less of it, and a byte a second does not gain any.
    """

    __slots__ = ("_patience_seconds",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.start_request()

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
        if self.out_of_patience:
            raise NoMoreData("too slow")
        own = self.gettimeout()
        self.settimeout(self._patience_seconds if own is None else min(own, self._patience_seconds))
        started = time.monotonic()
        try:
            return super().recv(bufsize, flags)
        except TimeoutError as e:
            raise NoMoreData("too slow") from e
        finally:
            self._patience_seconds -= time.monotonic() - started

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send as socket.sendall does; whoever takes nothing of it for 10 s has hung up."""
        self.settimeout(ANSWER_SECONDS)
        try:
            super().sendall(data, flags)
        except TimeoutError as e:
            raise BrokenPipeError(errno.EPIPE, "the client does not read its answer") from e


class Connection(TConn):  # type: ignore[misc]
    """A connection that is closed once, by whichever thread comes first."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._closed = False

    def close(self, graceful: bool = False) -> None:
        """Close it; gracefully means that the client gets to read its answer first."""
        if self._closed:
            return
        self._closed = True
        if graceful:
            _linger(self.sock)
        self.sock.close()


class Worker(ThreadWorker):  # type: ignore[misc]
    """The worker process: an accept loop that never waits for a client, and threads that wait bounded."""

    def accept(self, listener: Any) -> None:
        """Accept a connection and let the poller, not a thread, wait for its first byte."""
        try:
            plain, client = listener.accept()
        except OSError as e:
            _tolerate(e)
            return
        bounded = BoundedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
        conn = Connection(self.cfg, bounded, client, listener.getsockname())
        conn.timeout = time.monotonic() + ARRIVAL_SECONDS
        self.nr_conns += 1
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(bounded, selectors.EVENT_READ, readable)

    def handle(self, conn: Connection) -> Any:
        """Serve one request, and close on this thread, so that a client that stays stalls nobody else."""
        conn.sock.start_request()
        stays = super().handle(conn)
        if not stays:
            conn.close(graceful=not conn.sock.out_of_patience)
        return stays

    def load_wsgi(self) -> None:
        """Load the application, and heed its `Connection: close`."""
        self.wsgi: _Wsgi = _heeding_close(self.app.wsgi())

    def init_signals(self) -> None:
        """Stop gracefully on Ctrl-C too, which the terminal sends to the worker as well."""
        super().init_signals()
        signal.signal(signal.SIGINT, self.handle_exit)

    def _cap_keepalive(self, deadline: float) -> None:
        """Wait no longer for silent connections than for kept-alive ones when stopping."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def _linger(sock: BoundedSocket) -> None:
    """Wait until the client has closed its side, discarding what it still sends.

    Closing at once, with unread bytes on the connection, would reset it and take the answer with it.
    """
    deadline = time.monotonic() + LINGER_SECONDS
    with suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            sock.settimeout(left)
            if not socket.socket.recv(sock, 65536):
                return


def _tolerate(error: OSError) -> None:
    """Go on after a connection that was gone before it was accepted, and after a pause without resources."""
    if error.errno in OUT_OF_RESOURCES:
        log.error("cannot accept a connection: %s", error.strerror)
        time.sleep(0.1)
    elif error.errno not in GONE_ALREADY:
        raise error


def _heeding_close(application: _Wsgi) -> _Wsgi:
    """Wrap an application so that its header `Connection: close`, which gunicorn drops, closes."""

    def wsgi(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if ("Connection", "close") in headers:
                start_response.__self__.force_close()
            return start_response(status, headers, exc_info)

        return application(environ, begin)

    return wsgi
