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
import ssl
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker

from receiver.web.sockets import ARRIVAL_SECONDS, BoundedSocket, BoundedTlsSocket, linger

log = logging.getLogger(__name__)

OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
HANDSHAKE = b"\x16"
"""The first byte of every TLS connection."""
NO_TLS = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 38\r\nConnection: close\r\n\r\n"
    b"this port speaks HTTPS: use https://\r\n"
)
GONE_ALREADY = frozenset({errno.EAGAIN, errno.ECONNABORTED, errno.EPROTO, errno.EINTR})

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Connection(TConn):  # type: ignore[misc]
    """A connection that is closed once, by whichever thread comes first."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._closed = False

    def init(self) -> None:
        """Begin on a thread, with the handshake where there is TLS; whoever fails at that is told by TLS.

        Raises:
            NoMoreData: there will be no request; gunicorn then ends the connection.
        """
        if self.cfg.is_ssl and not self.initialized:
            self._expect_handshake()
        try:
            super().init()
        except ssl.SSLError as e:
            log.info("TLS handshake failed: %s", e.reason or e, extra={"client": self.client[0]})
            raise NoMoreData("no handshake") from e

    def _expect_handshake(self) -> None:
        if self.sock.recv(1, socket.MSG_PEEK) not in {HANDSHAKE, b""}:
            self.sock.sendall(NO_TLS)
            raise NoMoreData("no TLS")

    def close(self, graceful: bool = False) -> None:
        """Close it; gracefully means that the client gets to read its answer first."""
        if self._closed:
            return
        self._closed = True
        if graceful:
            linger(self.sock)
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
        while stays and isinstance(conn.sock, BoundedTlsSocket) and conn.sock.pending():
            # A next request that came in the same TLS record: the poller does not see it.
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
