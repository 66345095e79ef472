"""Ends what a test process started when that process dies, however it dies.

A second small process, the leash, reads from a pipe which process groups are held. When the pipe closes,
because its writer ended or was killed, the leash kills every group still held. Unlike a parent-death signal
this does not depend on which thread started the child, and it reaches a child's own children.

This file is also the program of that second process: it imports nothing but the standard library.
"""

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path


class Leash:
    """The writing end: tells which process groups end with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def hold(self, group: int) -> None:
        """Have `group` killed when this process ends."""
        self._tell(f"+{group}")

    def release(self, group: int) -> None:
        """Let go of `group`, which has ended."""
        self._tell(f"-{group}")

    def _tell(self, word: str) -> None:
        with self._lock:
            pipe = (self._process or self._start()).stdin
            assert pipe is not None
            pipe.write(word + "\n")
            pipe.flush()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-I", "-S", str(Path(__file__))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True)
        atexit.register(self._close, self._process)
        return self._process

    @staticmethod
    def _close(process: subprocess.Popen[str]) -> None:
        if process.stdin:
            process.stdin.close()
        process.wait()


def watch(words: Iterable[str]) -> None:
    """Read `+GROUP` and `-GROUP` until the words end, then kill the groups that are left."""
    held: set[int] = set()
    for word in words:
        group = int(word[1:])
        if word[0] == "+":
            held.add(group)
        else:
            held.discard(group)
    for group in held:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


LEASH = Leash()

if __name__ == "__main__":
    watch(sys.stdin)
