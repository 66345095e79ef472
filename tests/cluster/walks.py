"""Somebody who follows a page: its commands in a shell, as they stand there, in a folder of his own."""

import os
import shutil
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.cluster.receivers import ROOT, environment
from tests.testbed.plane import Plane
from tests.testbed.processes import Process


class Walk:
    """Use it as a context manager. The folder has the rules and the chart, the shell the tools."""

    def __init__(self, plane: Plane, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "rules", folder / "rules")
        (folder / "helm").symlink_to(ROOT / "helm")
        tools = f"{Path(sys.executable).parent}:{plane.tools}"
        self.kubeconfig = plane.kubeconfig_for("admin")
        path = f"{tools}:{os.environ['PATH']}"
        self._env = {**environment(), "PATH": path, "KUBECONFIG": str(self.kubeconfig)}
        self._processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()

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

    def write(self, name: str, text: str) -> None:
        """Write a file down that the page shows."""
        (self.folder / name).write_text(text)


def answers(port: int, path: str) -> bool:
    """Tell whether a GET is answered with 200."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
        return bool(answer.status == 200)
    return False
