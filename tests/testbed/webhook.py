"""A webhook stub on loopback: keeps what it is sent, and answers what it is told to."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.testbed.processes import wait_until


@dataclass(frozen=True)
class Delivery:
    """One request that came: its path, its headers with names in lower case, and its body parsed as JSON."""

    path: str
    headers: dict[str, str]
    body: Any


class Webhook:
    """Use it as a context manager.

    `url` is where to send, `received` what came, `status` what it answers, `answered` what it did answer.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.received: list[Delivery] = []
        self.answered: list[int] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self._answer))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int = 1, *, seconds: float = 30) -> list[Delivery]:
        """Return what came, once that are at least `count` deliveries.

        Raises:
            TimeoutError: there are fewer after `seconds`.
        """
        wait_until(f"{count} deliveries", lambda: len(self.received) >= count, seconds=seconds)
        return list(self.received)

    def _answer(self, delivery: Delivery) -> int:
        status = self.status
        self.received.append(delivery)
        self.answered.append(status)
        return status


def handler_of(answer: Callable[[Delivery], int]) -> type[BaseHTTPRequestHandler]:
    """Return the request handler that passes each POST to `answer` and sends the status that it returns."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(answer(Delivery(self.path, headers, json.loads(body))))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
