"""Builds the testbed's tools from Go modules, once, into the user's cache folder.

Each module's go.mod says which tools at which versions, its go.sum that they are the genuine ones. A module
has a folder of its own whose name is a digest of those two files: another version is another folder, and the
other module's tools stay as they are. A tool appears in its folder only when it is complete, and one run
builds at a time.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.testbed.golang import environment, find_go
from tests.testbed.progress import BuildError, run_aloud, say

HERE = Path(__file__).parent
MODULES = ("kubernetes", "alertmanager", "prometheus", "argo-rollouts", "helm")
NAMES = {"go.etcd.io/etcd/server/v3": "etcd"}
MINUTES = {
    "kube-apiserver": 4,
    "kube-controller-manager": 2,
    "prometheus": 3,
    "rollouts-controller": 5,
    "helm": 2,
}
TAGS = {"prometheus": "remove_all_sd"}
"""Prometheus without service discovery: the clouds' clients are most of its build."""


@dataclass(frozen=True)
class Tool:
    """One program of a module: its package, and the name that it gets in the module's folder."""

    module: str
    package: str

    @property
    def name(self) -> str:
        return NAMES.get(self.package, self.package.rsplit("/", 1)[-1])

    @property
    def path(self) -> Path:
        return folder(self.module) / self.name

    @property
    def minutes(self) -> int:
        return MINUTES.get(self.name, 1)


def cache_folder() -> Path:
    """Return the folder that holds the modules' folders."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "rollback-receiver" / "testbed"


def folder(module: str) -> Path:
    """Return where the module's tools lie, whether or not they are built."""
    content = b"".join((HERE / module / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache_folder() / f"{module}-{hashlib.sha256(content).hexdigest()[:12]}"


def tools(module: str) -> list[Tool]:
    """Return the tools that the module's go.mod lists."""
    block = re.search(r"^tool \(\n(.*?)^\)", (HERE / module / "go.mod").read_text(), re.MULTILINE | re.DOTALL)
    return [Tool(module, line.strip()) for line in block[1].splitlines()] if block else []


def build(*modules: str) -> list[Path]:
    """Build what is missing of `modules` and return their folders, in that order.

    Raises:
        BuildError: there is no Go, or a tool does not build.
    """
    if missing(*modules):
        with one_at_a_time():
            build_all(missing(*modules))  # Another run may have built them while this one waited.
    return [folder(module) for module in modules]


def missing(*modules: str) -> list[Tool]:
    """Return the tools of `modules` that are not built yet."""
    return [tool for module in modules for tool in tools(module) if not tool.path.exists()]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock that keeps a second run from building the same tools."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is building: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build_all(jobs: list[Tool]) -> None:
    """Build `jobs`, module by module."""
    go = find_go(cache_folder()) if jobs else Path()
    number = 0
    for module, group in groupby(jobs, key=lambda tool: tool.module):
        with workspace(go, module) as where:
            for tool in group:
                number += 1
                say(f"building {tool.name} ({number} of {len(jobs)}), {duration(tool)}")
                compile_tool(go, tool, where)


def duration(tool: Tool) -> str:
    """Say how long whoever waits will wait."""
    unit = "minute" if tool.minutes == 1 else "minutes"
    return f"about {tool.minutes} {unit} on two cores the first time"


@contextmanager
def workspace(go: Path, module: str) -> Iterator[Path]:
    """Give the folder to build the module's tools in.

    Alertmanager embeds a web page that its Go module does not carry: it is built from a copy with an empty
    page.
    """
    if module != "alertmanager":
        yield HERE / module
        return
    with tempfile.TemporaryDirectory(prefix="testbed-build-") as scratch:
        where = Path(scratch, "module")
        where.mkdir()
        for name in ("go.mod", "go.sum"):
            shutil.copy(HERE / module / name, where)
        vendor, log = [str(go), "mod", "vendor", "-e"], Path(scratch, "log")
        run_aloud(f"{module}'s copy", vendor, folder=where, env=environment(), log=log)
        page = where / "vendor/github.com/prometheus/alertmanager/ui/app/dist/index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<!doctype html><title>Alertmanager</title>\n")
        yield where


def compile_tool(go: Path, tool: Tool, where: Path) -> None:
    """Build one tool in `where`; it gets its name when it is complete."""
    tool.path.parent.mkdir(parents=True, exist_ok=True)
    part = tool.path.with_name(f".{tool.name}.part")
    flags = [f"-mod={'vendor' if (where / 'vendor').exists() else 'readonly'}", "-trimpath"]
    flags += [f"-tags={TAGS.get(tool.module, '')}", f"-ldflags={linker_flags(tool.module)}"]
    command = [str(go), "build", *flags, "-o", str(part), tool.package]
    log = tool.path.with_name(f"{tool.name}.log")
    run_aloud(tool.name, command, folder=where, env=environment(), log=log)
    part.rename(tool.path)
    log.unlink()


def linker_flags(module: str) -> str:
    """Return the flags that stamp the version into the module's tools, as their release builds do."""
    if module == "alertmanager":
        version = required(module, "github.com/prometheus/alertmanager").removeprefix("v")
        stamps = {"github.com/prometheus/common/version.Version": version}
    elif module == "prometheus":
        _, release, patch = required(module, "github.com/prometheus/prometheus").split(".")
        # The module v0.315.1 is the release 3.15.1.
        version = f"{release[:-2]}.{int(release[-2:])}.{patch}"
        stamps = {"github.com/prometheus/common/version.Version": version}
    elif module == "argo-rollouts":
        version = required(module, "github.com/argoproj/argo-rollouts")
        stamps = {"github.com/argoproj/argo-rollouts/utils/version.version": version}
    elif module == "helm":
        stamps = {"helm.sh/helm/v4/internal/version.version": required(module, "helm.sh/helm/v4")}
    else:
        version = required(module, "k8s.io/kubernetes")
        major, minor, _ = version.removeprefix("v").split(".")
        fields = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        stamps = {f"k8s.io/component-base/version.{name}": value for name, value in fields.items()}
    return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in stamps.items())])


def required(module: str, package: str) -> str:
    """Return the version of `package` that the module's go.mod requires, for example v1.37.2."""
    requirements = (HERE / module / "go.mod").read_text()
    found = re.search(rf"^\t{re.escape(package)} (v\S+)", requirements, re.MULTILINE)
    if not found:
        raise BuildError(f"{module}/go.mod does not require {package}")
    return found[1]
