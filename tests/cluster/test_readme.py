"""The README's commands do what it says, run as they stand there; only the ports are this test's own."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.receivers import ROOT, alert, environment
from tests.testbed.build import build
from tests.testbed.plane import Plane
from tests.testbed.processes import Process, free_port, wait_until

BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
PORT = "8080"


def blocks() -> list[tuple[str, str]]:
    """Return language and text of the section's code blocks, without the indentation of their list."""
    section = (ROOT / "README.md").read_text().partition("## On your own cluster")[2].partition("\n### ")[0]
    return [
        (language, re.sub(r"^   ", "", text, flags=re.MULTILINE)) for language, text in BLOCK.findall(section)
    ]


class Walk:
    """Somebody who follows the README in a folder that has the rules."""

    def __init__(self, plane: Plane, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        shutil.copytree(ROOT / "rules", folder / "rules")
        tools = f"{Path(sys.executable).parent}:{plane.tools}"
        kubeconfig = str(plane.kubeconfig_for("admin"))
        self._env = {**environment(), "PATH": f"{tools}:{os.environ['PATH']}", "KUBECONFIG": kubeconfig}
        self._processes: list[Process] = []

    def run(self, script: str) -> str:
        """Run a block as a person's shell would, and return what it prints."""
        command = ["bash", "-euo", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{script}: {done.stdout} {done.stderr}"
        return done.stdout

    def start(self, name: str, script: str, ready: str, port: int) -> None:
        """Run a block that stays, and return when it is ready."""
        command = ["bash", "-c", f"cd {self.folder}; {script.strip()}"]
        process = Process(name, command, self.folder / f"{name}.log", self._env)
        self._processes.append(process)
        process.start()
        process.wait_until(f"{ready} does not answer", lambda: answers(port, ready), seconds=20)

    def end(self) -> None:
        for process in self._processes:
            process.kill()


@pytest.fixture
def walk(plane: Plane, tmp_path: Path) -> Iterator[Walk]:
    walk = Walk(plane, tmp_path)
    yield walk
    walk.end()


def test_the_way_to_ones_own_cluster_is_as_the_readme_says(
    plane: Plane, walk: Walk, deploy: Callable[..., Any], release: Callable[..., Any]
) -> None:
    """From the CRD to a record in the list, by the README's commands and its Alertmanager configuration."""
    plane.kubectl("create", "namespace", "shop")
    deploy("checkout", into="shop")
    release("checkout", "registry.example/shop/web:2", into="shop")
    _, install, rules, serve, look = [text for language, text in blocks() if language == "sh"]
    (config,) = [text for language, text in blocks() if language == "yaml"]

    walk.run(install)
    assert "Refused to roll Deployment shop/checkout back" in walk.run(rules)
    token, serving = serve.strip().splitlines()
    walk.run(token)
    walk.start("serve", serving.replace(PORT, str(walk.port)), "/-/ready", walk.port)
    post_to_alertmanager(walk, config.replace(PORT, str(walk.port)))
    listed = wait_until("a record is listed", lambda: listing(walk, look), seconds=30)

    assert "http-errors-after-deploy" in (listed or "")


def answers(port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
        return bool(answer.status == 200)
    return False


def listing(walk: Walk, look: str) -> str | None:
    """Return what both commands list, None while there is nothing."""
    printed = walk.run(look)
    return printed if printed.count("Deployment/shop/checkout") == 2 else None


def post_to_alertmanager(walk: Walk, config: str) -> None:
    """Start a real Alertmanager with the README's configuration, and send it an alert as Prometheus does."""
    (tools,), port = build("alertmanager"), free_port()
    (walk.folder / "alertmanager.yml").write_text(config)
    flags = f"--storage.path=am --web.listen-address=127.0.0.1:{port} --cluster.listen-address="
    walk.start("alertmanager", f"{tools}/alertmanager {flags}", "/-/ready", port)
    labels = {"severity": "critical", "namespace": "shop", "deployment": "checkout"}
    fired = alert("HighErrorRate", labels)
    sent = " ".join(f"{name}={value}" for name, value in fired["labels"].items())
    walk.run(f"{tools}/amtool --alertmanager.url=http://127.0.0.1:{port} alert add {sent}")
