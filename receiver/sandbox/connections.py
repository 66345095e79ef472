"""HTTP over sockets: keep-alive, one thread a connection, watches in chunks. It understands no request."""

import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from receiver.sandbox import errors
from receiver.sandbox.exchange import Request, Response, answer

HOST = "127.0.0.1"
LARGEST_BODY = 3 * 1024 * 1024
_LOG = logging.getLogger(__name__)


class Server(socketserver.ThreadingTCPServer):
    """Listens on the loopback interface, once it is made; `port` 0 means any that is free.

    Raises:
        OSError: the port is taken.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    answered: Callable[[Request], Response]

    def __init__(self, port: int) -> None:
        self.ending = threading.Event()
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__((HOST, port), _Connection)

    def run(self, answered: Callable[[Request], Response]) -> None:
        """Serve until the end; `answered` answers a request, in its connection's thread."""
        self.answered = answered
        self.serve_forever(poll_interval=0.02)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection to its end."""
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's own
        """Log a fault of ours; a client that goes away in the middle is none."""
        if not isinstance(sys.exception(), OSError):
            _LOG.exception("a connection broke")

    def end(self) -> None:
        """Close the listening socket and every connection, and wait for their threads."""
        self.ending.set()
        self.shutdown()
        self.server_close()
        with self._lock:
            left = dict(self._open)
        for each in left:
            _cut(each)
        for thread in left.values():
            thread.join(timeout=1)


class _Connection(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def _serve(self) -> None:
        request = self._request()
        if request is None:
            return
        self._answer(self.server.answered(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Log nothing: there is the audit."""

    def _request(self) -> Request | None:
        """Read the request with its body; None where that cannot be read, and was refused."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._refuse(errors.ApiError(411, "", "a body needs a Content-Length"))
            return None
        if int(length) > LARGEST_BODY:
            why = f"Request entity too large: limit is {LARGEST_BODY}"
            self._refuse(errors.ApiError(413, "RequestEntityTooLarge", why))
            return None
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, body, self._alive)

    def _refuse(self, error: errors.ApiError) -> None:
        """Answer and hang up: the body is still in the line."""
        self.close_connection = True
        self._answer(answer(error.code, error.status))

    def _alive(self) -> bool:
        """Tell whether the client still listens, and the server is not about to end."""
        if self.server.ending.is_set():
            return False
        try:
            return len(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)) > 0
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _head(self, response: Response, name: str, value: str) -> None:
        self.send_response_only(response.code)
        self.send_header("Content-Type", response.content_type)
        self.send_header(name, value)
        self.end_headers()

    def _answer(self, response: Response) -> None:
        if not isinstance(response.body, bytes):
            self._head(response, "Transfer-Encoding", "chunked")
            self._stream(response.body)
            return
        self._head(response, "Content-Length", str(len(response.body)))
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _stream(self, lines: Iterator[bytes]) -> None:
        """Send lines in chunks, each as soon as it is there."""
        self.wfile.flush()
        for line in lines:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
