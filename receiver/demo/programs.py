"""The programs that take part: each a process that ends with the demo, its log in the demo's folder."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from receiver.settings import PREFIX

STOP_SECONDS = 10.0
BUSY_SECONDS = 10.0
"""How long an answer of 500 and more is held to be a passing one."""
TO_PATCH = "rollback_receiver_receipt_to_patch_seconds_"
_DIRECT = build_opener(ProxyHandler({}))
"""The demo's programs listen on this machine: no proxy has a part in it."""


class DemoError(Exception):
    """The story cannot go on; the message says what was expected and what is so."""


class Program:
    """A process, used as a context manager; it is gone when the context ends."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = command

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment(),
                )
            except OSError as e:
                raise DemoError(f"cannot start {self.name}: {e}") from e
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until(self, what: str, condition: Callable[[], Any], seconds: float = 30) -> Any:
        """Return what the condition returns once it is true.

        Raises:
            DemoError: the process ended, or it took too long; says what the log says last.
        """
        end = time.monotonic() + seconds
        while not (found := condition()):
            if self._process.poll() is not None:
                raise DemoError(f"{self.name} ended by itself; its log says last:\n{self._last_lines()}")
            if time.monotonic() > end:
                raise DemoError(
                    f"{self.name}: {what} took too long; its log says last:\n{self._last_lines()}"
                )
            time.sleep(0.05)
        return found

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


class Receiver(Program):
    """`rollback-receiver serve` on a free port; `url` is where it listens once the context is entered."""

    def __init__(self, folder: Path, *, kubeconfig: Path, namespace: str, rules: Path) -> None:
        flags = {"kubeconfig": kubeconfig, "namespace": namespace, "rules": rules, "mode": "auto"}
        command = [sys.executable, "-m", "receiver", "serve", "--listen=127.0.0.1:0"]
        command += [f"--{name}={value}" for name, value in flags.items()]
        super().__init__("the receiver", command, folder / "receiver.log")

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.url = self.wait_until("to listen", self._listening)
            self.wait_until("to be ready", self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _listening(self) -> str | None:
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", self.log.read_text(errors="replace"))
        return f"http://{found[1]}" if found else None

    def _ready(self) -> bool:
        return is_ready(self.url)

    def wait_reloaded(self, change: Callable[[], object]) -> None:
        """Make a change to the rules, and return when it is in force."""
        before = self._reloads()
        change()
        self.wait_until("to reload its rules", lambda: self._reloads() > before, 10)

    def milliseconds_to_patch(self) -> int:
        """Return how long it took from an alert's receipt to its patch, the mean of those so far, in ms."""
        lines = (line.rpartition(" ") for line in ask(f"{self.url}/metrics").splitlines())
        found = {
            name.removeprefix(TO_PATCH): float(value) for name, _, value in lines if name.startswith(TO_PATCH)
        }
        return round(1000 * found["sum"] / found["count"])

    def _reloads(self) -> int:
        return self.log.read_text(errors="replace").count("rules in force")


class Alertmanager(Program):
    """A real Alertmanager that sends to a receiver; `url` is its own address."""

    def __init__(self, folder: Path, *, binary: Path, webhook: str, group_by: Sequence[str]) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        often = {"group_wait": "0s", "group_interval": "1s", "repeat_interval": "1s"}
        hook = {"url": webhook, "send_resolved": True, "max_alerts": 0}
        config = {
            "route": {"receiver": "rollback-receiver", "group_by": list(group_by), **often},
            "receivers": [{"name": "rollback-receiver", "webhook_configs": [hook]}],
        }
        file = folder / "alertmanager.yml"
        file.write_text(json.dumps(config))
        command = [str(binary.absolute()), f"--config.file={file}"]
        command += [f"--storage.path={folder / 'alertmanager'}"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
        super().__init__("Alertmanager", command, folder / "alertmanager.log")

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.wait_until("to be ready", self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _ready(self) -> bool:
        return is_ready(self.url)


def environment() -> dict[str, str]:
    """Return the user's environment without the settings of a receiver of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def is_ready(url: str) -> bool:
    """Tell whether a program says now that it is ready."""
    with suppress(OSError, http.client.HTTPException):
        _once(f"{url}/-/ready")
        return True
    return False


def ask(url: str, body: object = None) -> str:
    """GET, or POST where there is a body; return the text. As Alertmanager does, ask again after a 5xx.

    Raises:
        DemoError: no answer, or one of 400 and more.
    """
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return _once(url, body)
        except HTTPError as e:
            if e.code < 500 or time.monotonic() > end:
                said = e.read().decode(errors="replace").strip()
                raise DemoError(f"{url} answered {e.code} {e.reason}: {said}") from e
        except (OSError, http.client.HTTPException) as e:
            raise DemoError(f"{url} does not answer: {e}") from e
        time.sleep(0.2)


def _once(url: str, body: object = None) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with _DIRECT.open(request, timeout=15) as answer:
        return str(answer.read().decode())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
