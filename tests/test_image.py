"""The image, built by the Dockerfile's own steps without a container engine, and run as it will be run.

As nobody, in a folder that cannot be written to, with nowhere else to write to.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from receiver import __version__
from receiver.cli.main import COMMANDS
from receiver.cluster.crd import crd_text
from receiver.sandbox.server import Sandbox
from tests.dockerfile import ROOT, Build, context
from tests.sandbox.asking import ask
from tests.web.certificates import Party, get

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOBODY = 65532
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LOCK = ROOT / "requirements" / "runtime.txt"
LIST_PACKAGES = """
import importlib.metadata as m, json
print(json.dumps(sorted({d.name.lower().replace("_", "-") for d in m.distributions()})))
"""


@pytest.fixture(scope="module")
def built() -> Iterator[Build]:
    """A folder that everybody may read: pytest's own are its user's alone."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        build = Build(folder).run()
        shutil.rmtree(folder / "src")
        for path in [folder / "app", *(folder / "app").rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)
        yield build
        for path in [folder / "app", *(folder / "app").rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)


def start(build: Build, *args: str, output: Path) -> "subprocess.Popen[bytes]":
    """Start it as an engine would with these arguments, with nowhere to write."""
    image = build.image
    entry = [build.placed(word) for word in json.loads(image.said["ENTRYPOINT"])]
    path = ":".join(map(build.placed, image.environment["PATH"].split(":")))
    environment = {**image.environment, "PATH": path, "HOME": "/nonexistent", "TMPDIR": "/nonexistent"}
    with output.open("wb") as stream:
        return subprocess.Popen(
            [*unprivileged(), *entry, *args],
            env=environment,
            cwd="/",
            stdout=stream,
            stderr=stream,
        )


def unprivileged() -> list[str]:
    """Return the command before a command by which root becomes nobody; others are nobody already.

    Where root's Python is root's alone, it becomes a root that may do no more than the owner of its files.
    """
    if os.getuid() != 0:
        return []
    python = Path(sys.executable).resolve()
    public = all(folder.stat().st_mode & 0o001 for folder in python.parents)
    user = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if public else []
    return ["setpriv", *user, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


@pytest.fixture
def run(built: Build, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Give a function that runs it to its end, and returns the exit status and what it said."""

    def run_to_the_end(*args: str) -> tuple[int, str]:
        output = tmp_path / "output"
        status = start(built, *args, output=output).wait(60)
        return status, output.read_text()

    return run_to_the_end


Run = Callable[..., tuple[int, str]]


def test_it_says_its_version(run: Run) -> None:
    assert run("--version") == (0, f"rollback-receiver, version {__version__}\n")


def test_every_command_has_what_it_needs(run: Run) -> None:
    """No command imports what only development has; no file of the package was left behind."""
    for name in COMMANDS:
        assert run(name, "--help")[0] == 0, name
    assert run("crd") == (0, crd_text())


def test_it_runs_as_nobody_in_particular_and_not_through_a_shell(built: Build) -> None:
    """By number, which is what Kubernetes' runAsNonRoot can check."""
    assert built.image.said["USER"] == f"{NOBODY}:{NOBODY}"
    assert isinstance(json.loads(built.image.said["ENTRYPOINT"]), list)
    assert json.loads(built.image.said["CMD"])[0] == "serve"
    assert {"title", "licenses", "version"} <= {name.rpartition(".")[2] for name in built.image.labels}


def packages(build: Build) -> set[str]:
    """Return the names of what is installed in it."""
    command = [build.placed("/app/bin/python"), "-I", "-c", LIST_PACKAGES]
    return set(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def test_nothing_is_in_it_but_what_the_lock_names(built: Build) -> None:
    """No test, no linter, no build backend, no pip."""
    locked = set(re.findall(r"^([a-z0-9.-]+)==", LOCK.read_text(), re.MULTILINE))
    assert packages(built) - locked == {"rollback-receiver"}
    assert {"pip", "setuptools", "pytest", "mypy"}.isdisjoint(packages(built))
    assert not list(Path(built.placed("/app/bin")).glob("pip*"))


def test_its_bill_of_materials_names_each_package_with_its_version(built: Build, tmp_path: Path) -> None:
    """`make sbom` runs the same script."""
    file = tmp_path / "sbom.json"
    script = [str(ROOT / "image" / "sbom.sh"), sys.executable, built.placed("/app"), str(file)]
    subprocess.run(script, cwd=ROOT, check=True)
    bill = json.loads(file.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "rollback-receiver"
    listed = {part["name"].lower().replace("_", "-"): part["version"] for part in bill["components"]}
    assert listed.keys() | {"rollback-receiver"} == packages(built) | {"rollback-receiver"}
    assert listed["flask"] == re.search(r"^flask==(\S+)", LOCK.read_text(), re.MULTILINE)[1]  # type: ignore[index]


def test_an_engine_sees_only_what_the_image_is_built_from() -> None:
    """No secret that lies about in a checkout gets into a layer."""
    assert {path.split("/")[0] for path in context()} == {
        "LICENSE",
        "README.md",
        "image",
        "pyproject.toml",
        "receiver",
        "requirements",
    }
    assert not [path for path in context() if "__pycache__" in path or path.endswith((".key", ".env"))]


@pytest.fixture
def home() -> Iterator[Path]:
    """What Kubernetes mounts: a folder that the receiver may read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_hostile_messages_never_take_more_memory_than_the_chart_allows(
    built: Build, home: Path, tmp_path: Path
) -> None:
    """The costliest ones that are found, of the longest size that is taken, six at once and again."""
    values = yaml.safe_load((ROOT / "helm" / "rollback-receiver" / "values.yaml").read_text())
    allowed = re.fullmatch(r"(\d+)Mi", values["resources"]["limits"]["memory"])
    assert allowed
    bodies = [
        b'{"alerts":[' + b"{}," * 5_592_000 + b"{}]}",
        b'{"y":"NaN","x":[' + b'{"":{}},' * 2_097_000 + b"0]}",
    ]
    with Sandbox() as sandbox:
        assert ask(sandbox, "POST", DEFINITIONS, yaml.safe_load(crd_text())).code == 201
        (home / "kubeconfig").write_text(sandbox.kubeconfig())
        flags = [f"--kubeconfig={home / 'kubeconfig'}", "--listen=127.0.0.1:0"]
        process = start(built, "serve", *flags, output=tmp_path / "output")
        try:
            said = until(process, tmp_path / "output", lambda text: re.search(r"listening on .*:(\d+)", text))
            with ThreadPoolExecutor(6) as senders:
                statuses = set(senders.map(lambda body: posted(int(said[1]), body), 6 * bodies))
            peak = sum(map(peak_mebibytes, family(process.pid)))
        finally:
            process.terminate()
            process.wait(30)
    assert 400 in statuses <= {202, 400, 503}
    assert peak < int(allowed[1]) * 0.9


def posted(port: int, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("POST", "/alerts", body)
        return connection.getresponse().status


def family(pid: int) -> list[int]:
    """Return a process' id and those of all that came of it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def peak_mebibytes(pid: int) -> float:
    """Return the most memory that a process has had at once, with what it shares."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024


def written(folder: Path) -> dict[Path, int]:
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_it_serves_as_nobody_without_writing_anything(built: Build, home: Path, tmp_path: Path) -> None:
    """Over HTTPS, ready, and gone at SIGTERM."""
    party, before, output = Party(home), written(built.folder), tmp_path / "output"
    shutil.copy(ROOT / "rules" / "http-errors.yaml", home)
    with Sandbox() as sandbox:
        assert ask(sandbox, "POST", DEFINITIONS, yaml.safe_load(crd_text())).code == 201
        (home / "kubeconfig").write_text(sandbox.kubeconfig())
        files = {
            "kubeconfig": home / "kubeconfig",
            "rules": home / "http-errors.yaml",
            "tls-cert-file": party.files.cert,
            "tls-key-file": party.files.key,
        }
        flags = [f"--{name}={file}" for name, file in files.items()]
        process = start(built, "serve", "--listen=127.0.0.1:0", *flags, output=output)
        try:
            said = until(process, output, lambda text: re.search(r"listening on 127\.0\.0\.1:(\d+)", text))
            until(process, output, lambda _: get(int(said[1]), party.client(), "/-/ready")[0] == 200)
        finally:
            process.terminate()
            status = process.wait(30)
    assert status == 0
    assert "Traceback" not in output.read_text()
    assert written(built.folder) == before


def until(process: "subprocess.Popen[bytes]", output: Path, condition: Callable[[str], Any]) -> Any:
    """Return what the condition on the process' output returns once it is true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if found := condition(output.read_text()):
                return found
        time.sleep(0.05)
    raise AssertionError(output.read_text())
