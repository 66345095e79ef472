"""The stub server as a process of its own, and clients to mistreat it with."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def message(*alerts: Mapping[str, str]) -> bytes:
    start = "2026-05-01T12:00:00Z"
    shown = [{"status": "firing", "labels": dict(labels), "startsAt": start} for labels in alerts]
    return json.dumps({"version": "4", "alerts": shown}).encode()


class Server:
    """The stub server's process, and what it logged."""

    def __init__(self, folder: Path, *args: str, port: int = 0, **environment: str) -> None:
        self._log = folder / "stderr"
        command = [sys.executable, "-m", "tests.web.stub_server", str(port), *args]
        with self._log.open("wb") as stderr:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stderr=stderr, start_new_session=True
            )

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def says(self, message: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with suppress(ValueError):
                for line in self.lines:
                    if message in line["msg"]:
                        return line
            time.sleep(0.02)
        raise AssertionError(f"{message!r} was not logged: {self._log.read_text()}")

    def listening(self) -> "Server":
        self.says("started")
        said = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)", self.says("listening on")["msg"])
        assert said
        self.port = int(said[1])
        return self

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def post(self, body: bytes, connection: http.client.HTTPConnection | None = None) -> tuple[int, Any]:
        client = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        client.request("POST", "/alerts", body)
        answer = client.getresponse()
        status, text = answer.status, answer.read()
        if connection is None:
            client.close()
        return status, json.loads(text)

    def end(self, *, within_seconds: float = 60) -> int:
        return self.process.wait(timeout=within_seconds)

    def stop(
        self, number: signal.Signals = signal.SIGTERM, *, within_seconds: float = 60
    ) -> tuple[int, float]:
        """Send the signal, Ctrl-C to the worker too; return the exit status and how long the end took."""
        started = time.monotonic()
        (os.killpg if number is signal.SIGINT else os.kill)(self.process.pid, number)
        return self.end(within_seconds=within_seconds), time.monotonic() - started

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def timed(call: Callable[[], Any]) -> float:
    started = time.monotonic()
    call()
    return time.monotonic() - started


def answer_of(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65536):
            answer += piece
    return answer
