"""An HTTP server on loopback that answers as it is told, and notes what it was asked."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver.cluster.access import Access, connect


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire: `path` quoted, with its query; `headers` by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to say: `body` is JSON, unless it is bytes. `raw` replaces the whole answer, b"" is none."""

    status: int = 200
    body: Any = field(default_factory=dict)
    raw: bytes | None = None
    hang: bool = False

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Stub:
    """Gives its `answers` in order, and the last one from then on."""

    def __init__(self) -> None:
        self.answers = [Answer()]
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def say(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            self.close_connection = True
            if not self.raw_requestline or not self.parse_request():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            stub.asked.append(Asked(self.command, self.path, headers, body))
            self._answer(stub.next_answer())

        def _answer(self, answer: Answer) -> None:
            if answer.hang:
                stub.closing.wait(30)
            elif answer.raw is not None:
                with suppress(ConnectionError):  # Who has heard enough may hang up.
                    self.wfile.write(answer.raw)
            else:
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(answer.content)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Stub]:
    """Run a stub as long as the block takes."""
    stub = Stub()
    try:
        yield stub
    finally:
        stub.close()


def kubeconfig(folder: Path, url: str, *, token: str = "tok-3n", **context: str) -> Path:
    """Write a kubeconfig with one context, `here`, that leads to `url`."""
    file = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", **context}}],
    }
    file.write_text(yaml.safe_dump(content))
    return file


@contextmanager
def access_to(url: str, folder: Path) -> Iterator[Access]:
    """Connect through a kubeconfig, and close the connections at the end."""
    access = connect(kubeconfig(folder, url))
    try:
        yield access
    finally:
        access.pool.clear()


@contextmanager
def nobody_there() -> Iterator[str]:
    """Give an address at which nobody listens as long as the block takes."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@contextmanager
def dripping(head: bytes) -> Iterator[str]:
    """Serve one answer, its head at once and then a byte at a time for as long as somebody listens."""
    stopped = threading.Event()

    def drip() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(head)
                while not stopped.wait(0.05):
                    connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stopped.set()
        thread.join()


DRIPS = [
    pytest.param(b"HTTP/1.1 ", id="head"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", id="body"),
    pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", id="body-of-unknown-length"),
]
