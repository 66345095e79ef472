"""What a build tells whoever waits for it: lines on standard error, and one kind of error."""

import subprocess
import sys
import time
from pathlib import Path

SECONDS_BETWEEN_LINES = 30


class BuildError(Exception):
    """A tool cannot be built; the message says which and why, then what the build said last."""


def say(line: str) -> None:
    """Write one line of progress to standard error, at once."""
    sys.stderr.write(f"testbed: {line}\n")
    sys.stderr.flush()


def run_aloud(what: str, command: list[str], *, folder: Path, env: dict[str, str], log: Path) -> None:
    """Run `command` in `folder` with its output in `log`, and say every half minute that it still runs.

    Raises:
        BuildError: it ended with another status than 0; the message carries the log's last lines.
    """
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=output)
        try:
            wait_aloud(process, what, started)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if process.returncode:
        raise BuildError(f"{what} cannot be built (exit code {process.returncode}):\n{last_lines(log)}")


def wait_aloud(process: subprocess.Popen[bytes], what: str, started: float) -> None:
    """Wait for `process`, with a line of life every `SECONDS_BETWEEN_LINES`."""
    while True:
        try:
            process.wait(SECONDS_BETWEEN_LINES)
        except subprocess.TimeoutExpired:
            say(f"still building {what}, {time.monotonic() - started:.0f} s")
        else:
            return


def last_lines(log: Path, count: int = 15) -> str:
    """Return the last `count` lines of a log; an empty string if there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
