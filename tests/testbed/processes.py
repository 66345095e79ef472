"""Child processes of the testbed: a name, a log file, an end.

Whatever is started here is a process group of its own, held on the leash until it has ended. A failure names
the process, its exit code and the last lines of its log.
"""

import contextlib
import itertools
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from tests.testbed.leash import LEASH
from tests.testbed.progress import last_lines

PORTS = range(15_000, 30_000)
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
Found = TypeVar("Found")


class ProcessFailedError(Exception):
    """A process of the testbed ended, or did not do what it was started for."""


def _cycle() -> Iterator[int]:
    """Give every port of this process its turn, from anywhere on."""
    mine = PORTS[PROCESS::PROCESSES]
    start = secrets.randbelow(len(mine))
    return itertools.cycle((*mine[start:], *mine[:start]))


_ports = _cycle()


def free_port() -> int:
    """Return a free port of 127.0.0.1 that neither the kernel nor another process of the tests hands out.

    It lies below the range of outgoing connections: a client that keeps knocking at a stopped server's port
    from that range may in the end connect to itself, and the server could not come back.
    """
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle has no end")


def wait_until(
    what: str, probe: Callable[[], Found], *, seconds: float, pause_seconds: float = 0.05
) -> Found:
    """Call `probe` until it returns something true, and return that.

    A moment in which the whole machine stands still counts as a second: what is waited for stood still too.

    Raises:
        TimeoutError: it did not within `seconds`; the message says `what` was waited for.
    """
    left = seconds
    while True:
        began = time.monotonic()
        if found := probe():
            return found
        if left <= 0:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(pause_seconds)
        left -= min(time.monotonic() - began, 1.0)


def is_alive(pid: int) -> bool:
    """Tell whether a process still runs; one that only waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Process:
    """One child process and its log, which grows over restarts."""

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.log = name, log
        self._command, self._env = [str(part) for part in command], env
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's id, which is its group's as well.

        Raises:
            ProcessFailedError: it does not run.
        """
        if self._popen is None:
            raise ProcessFailedError(f"{self.name} is not running")
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """Start it, in its log's folder and in a process group of its own."""
        if self.running:
            raise ProcessFailedError(f"{self.name} is running already")
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.log.parent,
                env=self._env,
                start_new_session=True,
            )
        LEASH.hold(self._popen.pid)

    def check(self) -> None:
        """Raise if the process has ended by itself."""
        if self._popen is not None and (code := self._popen.poll()) is not None:
            raise ProcessFailedError(f"{self.name} ended with exit code {code}; {self.tail()}")

    def tail(self) -> str:
        """Return where the log is and what it ends with."""
        return f"its log {self.log} ends:\n{last_lines(self.log)}"

    def wait_until(self, what: str, probe: Callable[[], object], *, seconds: float) -> None:
        """Wait until `probe` is true, as long as the process runs.

        Raises:
            ProcessFailedError: the process ended, or `probe` was not true within `seconds`.
        """

        def probe_alive() -> object:
            self.check()
            return probe()

        try:
            wait_until(what, probe_alive, seconds=seconds)
        except TimeoutError as e:
            raise ProcessFailedError(f"{self.name}: {e}; {self.tail()}") from e

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; none if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def terminate(self, seconds: float = 10) -> int | None:
        """Ask it to end, kill what is left of its group, and return the exit code; None if it does not run.

        Raises:
            ProcessFailedError: it had not ended after `seconds`, and was killed.
        """
        if self._popen is None:
            return None
        self.signal(signal.SIGCONT)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._popen.pid, signal.SIGTERM)
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired as e:
            raise ProcessFailedError(f"{self.name} ran on after {seconds:g} s; {self.tail()}") from e
        finally:
            code = self.kill()
        return code

    def kill(self) -> int | None:
        """Kill the whole group at once and return the exit code; None if it does not run."""
        if self._popen is None:
            return None
        self.signal(signal.SIGKILL)
        code = self._popen.wait()
        LEASH.release(self._popen.pid)
        self._popen = None
        return code
