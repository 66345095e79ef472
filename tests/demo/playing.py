"""Plays the demo as a newcomer does: as a process, whose output is read and which is interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.receivers import ROOT, environment
from tests.testbed.processes import is_alive, wait_until

SECONDS = 90


class Play:
    """One run of `demo`; its temporary files are in `folder`, what it printed in `text`."""

    def __init__(self, folder: Path, *args: str, answer: str, extra: Mapping[str, str]) -> None:
        self.folder = folder / "temporary"
        self.folder.mkdir()
        self._output = folder / "output"
        own = {"TMPDIR": str(self.folder), "PYTHONUNBUFFERED": "1"}
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "receiver", "demo", *args],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environment(), **own, **extra},
                cwd=ROOT,
                start_new_session=True,
            )
        assert self.process.stdin is not None
        self.process.stdin.write(answer.encode())
        self.process.stdin.close()

    @property
    def text(self) -> str:
        return self._output.read_text()

    def wait_for(self, words: str) -> str:
        """Return the text once these words are in it."""

        def said() -> bool:
            assert self.process.poll() is None, self.text
            return words in self.text

        wait_until(f"{words!r} in {self.text!r}", said, seconds=SECONDS)
        return self.text

    def interrupt(self, *signals: signal.Signals) -> int:
        """Send signals to everything that runs, as a terminal does, and return the exit status."""
        for number in signals:
            os.killpg(self.process.pid, number)
            time.sleep(0.05)
        return self.process.wait(SECONDS)

    def end(self) -> int:
        """Wait for the end and return the exit status."""
        return self.process.wait(SECONDS)

    def left_behind(self) -> list[str]:
        """Return the files, and the commands of the processes, that are still there."""
        return [*(str(file) for file in self.folder.iterdir()), *_session(self.process.pid)]


@contextmanager
def playing(
    folder: Path, *args: str, answer: str = "", extra: Mapping[str, str] | None = None
) -> Iterator[Play]:
    """Start a play, with `extra` in its environment; what is left of it at the end is killed."""
    play = Play(folder, *args, answer=answer, extra=extra or {})
    try:
        yield play
    finally:
        if play.process.poll() is None or _session(play.process.pid):
            os.killpg(play.process.pid, signal.SIGKILL)
        play.process.wait()


def _session(leader: int) -> Sequence[str]:
    """Return the commands of the live processes of a session."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            command = (folder / "cmdline").read_text().replace("\0", " ")
        except (OSError, IndexError):
            continue
        if session == leader and is_alive(int(folder.name)):
            found.append(command)
    return found
