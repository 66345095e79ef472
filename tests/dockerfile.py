"""The Dockerfile without a container engine: /src and /app are folders elsewhere, its base is this Python.

It knows the instructions that the Dockerfile has, in the forms that it has. Anything else is an error, so
that nothing an engine would do is left out here unseen.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLACES = ("/src", "/app")
REMEMBERED = frozenset({"USER", "ENTRYPOINT", "CMD", "EXPOSE"})


@dataclass
class Image:
    """What the last stage says about how it runs, by instruction."""

    said: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


class Build:
    """A run of the Dockerfile; afterwards `folder` has the places, and `image` what was said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.image = Image()
        self._stages: list[str] = []
        self._known: dict[str, Callable[[str], None]] = {
            "ARG": lambda _rest: None,
            "FROM": self._begin_stage,
            "WORKDIR": self._enter,
            "COPY": self._copy,
            "RUN": self._run,
            "LABEL": lambda rest: self.image.labels.update(_pairs(rest)),
            "ENV": lambda rest: self.image.environment.update(_pairs(rest)),
        }

    def run(self) -> "Build":
        """Do every step."""
        for name, rest in instructions():
            if name in REMEMBERED:
                self.image.said[name] = rest
            else:
                assert name in self._known, f"tests/dockerfile.py does not know {name} yet"
                self._known[name](rest)
        return self

    def placed(self, path: str) -> str:
        """Return where a path of the image is here."""
        return f"{self.folder}{path}" if path.startswith(PLACES) else path

    def _begin_stage(self, rest: str) -> None:
        base, *named = rest.split(" AS ")
        assert base == "${PYTHON_IMAGE}", f"{base}: another base image"
        self._stages += named
        self.image = Image()

    def _enter(self, path: str) -> None:
        if path != "/":
            self._here = Path(self.placed(path))
            self._here.mkdir()

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        if sources[0].startswith("--from="):
            assert sources == [f"--from={self._stages[-1]}", target], f"COPY {rest}: a place that moves"
            return
        for source in sources:
            found = [file for file in context() if file == source or file.startswith(f"{source}/")]
            assert found, f"{source} is not there, or .dockerignore keeps it out"
            for file in found:
                self._put(file, f"{target}{Path(source).name}" if target.endswith("/") else target, source)

    def _put(self, file: str, target: str, source: str) -> None:
        into = self._here / f"{target}{file.removeprefix(source)}"
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, into)

    def _run(self, rest: str) -> None:
        assert rest.startswith("["), f"RUN {rest}: needs a shell"
        command = [sys.executable if word == "python3" else self.placed(word) for word in json.loads(rest)]
        subprocess.run([str(self._here / command[0]), *command[1:]], cwd=self._here, check=True)


def instructions() -> Iterator[tuple[str, str]]:
    """Yield each instruction of the Dockerfile and what follows it."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    kept = "\n".join(line for line in lines if line and not line.startswith("#"))
    for line in kept.replace("\\\n", " ").splitlines():
        name, _, rest = line.partition(" ")
        yield name, rest.strip()


def context() -> list[str]:
    """Return the files that .dockerignore lets an engine see."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    roots = [ROOT / rule[1:] for rule in rules if rule.startswith("!")]
    files = (file for root in roots for file in ([root] if root.is_file() else root.rglob("*")))
    paths = {str(file.relative_to(ROOT)) for file in files if file.is_file()}
    return sorted(path for path in paths if not _ignored(path, rules))


def _ignored(path: str, rules: list[str]) -> bool:
    """As Docker reads it: the last rule that fits decides, and what fits a folder fits all in it."""
    parts = path.split("/")
    prefixes = ["/".join(parts[: length + 1]) for length in range(len(parts))]
    ignored = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        deep = pattern.startswith("**/")
        names = parts if deep else prefixes
        if any(fnmatchcase(name, pattern.removeprefix("**/")) for name in names):
            ignored = not rule.startswith("!")
    return ignored


def _pairs(rest: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(rest))
