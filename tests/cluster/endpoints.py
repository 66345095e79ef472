"""Endpoints for notifications that are at fault until they are mended, and note what they take."""

import json
import threading
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.testbed.processes import free_port

LONGEST_HANG_SECONDS = 60


class Fault(StrEnum):
    """What an endpoint does instead of taking a message."""

    HANGS = "hangs"
    REFUSES = "refuses"
    REDIRECTS = "redirects"
    FAILS = "fails"


class Endpoint:
    """Use it as a context manager. `taken` are the messages answered with 200, `tries` all that came."""

    def __init__(self, fault: Fault | None = None) -> None:
        self.fault = fault
        self.taken: list[dict[str, Any]] = []
        self.tries: list[str] = []
        self.port = free_port()
        self._mended = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        if self.fault is not Fault.REFUSES:
            self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._mended.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def mend(self) -> None:
        """Take what comes from now on."""
        was, self.fault = self.fault, None
        self._mended.set()
        if was is Fault.REFUSES:
            self._listen()

    @property
    def events(self) -> list[str]:
        """What was taken, in order."""
        return [str(message["event"]) for message in self.taken]

    def told_once(self, *events: str) -> bool:
        """Tell whether exactly these were taken, in any order, each once."""
        ids = {message["id"] for message in self.taken}
        return sorted(self.events) == sorted(events) and len(ids) == len(events)

    def _listen(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.tries.append(self.path)
                fault = endpoint.fault
                if fault is Fault.HANGS:
                    endpoint._mended.wait(LONGEST_HANG_SECONDS)
                    self.close_connection = True
                    return
                if fault is None:
                    endpoint.taken.append(body)
                self._say({Fault.FAILS: 500, Fault.REDIRECTS: 307}.get(fault, 200) if fault else 200)

            def _say(self, code: int) -> None:
                self.send_response(code)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def notifying(folder: Path, endpoints: dict[str, Endpoint], **more: Any) -> list[str]:
    """Return the flags of a receiver that notifies these endpoints by signed webhooks."""
    secret, config = folder / "secret", folder / "config.yaml"
    secret.write_text("correct horse")
    receivers = [
        {
            "name": name,
            "webhook": {"url": f"http://127.0.0.1:{each.port}/hook", "secret_file": str(secret)},
        }
        for name, each in endpoints.items()
    ]
    config.write_text(json.dumps({"notifications": {"receivers": receivers}, **more}))
    return [f"--config={config}"]
