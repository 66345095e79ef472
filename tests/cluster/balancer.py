"""One address for several receivers, as a Service is: each connection goes to the next of them.

It knows nothing of HTTP and asks nobody whether he is ready: a receiver that has ended is an address that
refuses until it is taken out, as between a pod's end and the news of it.
"""

import itertools
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Self

from tests.cluster.receivers import Receiver

CHUNK = 65536
CONNECT_SECONDS = 2


class Balancer:
    """Use it as a context manager. `port` is the one address of `receivers`, which may be changed."""

    def __init__(self, receivers: Iterable[Receiver]) -> None:
        self.receivers = list(receivers)
        self._turns = itertools.count()
        self._server = _Server(self)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def connect(self) -> socket.socket:
        """Return a connection to the receiver whose turn it is.

        Raises:
            OSError: it takes none.
        """
        receivers = self.receivers
        turn = next(self._turns) % len(receivers)
        return socket.create_connection(("127.0.0.1", receivers[turn].port), CONNECT_SECONDS)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, balancer: Balancer) -> None:
        self.balancer = balancer
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Pass on what both sides say until either has ended; close it at once if nobody is there."""
        with suppress(OSError), self.server.balancer.connect() as onward:
            onward.settimeout(None)
            back = threading.Thread(target=pump, args=(onward, self.request), daemon=True)
            back.start()
            pump(self.request, onward)
            back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, and its end."""
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        source.shutdown(socket.SHUT_RD)
