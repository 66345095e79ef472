"""Argo Rollouts' real controller on a control plane, with its own resource definitions.

The definitions come out of the Go module that the controller is built from, and lie beside it in the cache.
"""

import json
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from tests.testbed.build import HERE, build, cache_folder
from tests.testbed.controlplane import ControlPlane
from tests.testbed.golang import environment, find_go
from tests.testbed.loopback import is_well
from tests.testbed.processes import Process, free_port
from tests.testbed.progress import BuildError

MODULE, PACKAGE = "argo-rollouts", "github.com/argoproj/argo-rollouts"
CONTROLLER = "rollouts-controller"


class ArgoRollouts:
    """The controller of this plane's Rollouts, for as long as a `with` block; the definitions stay."""

    def __init__(self, plane: ControlPlane) -> None:
        (self.tools,) = build(MODULE)
        self._plane = plane
        self._port = free_port()
        command = [
            str(self.tools / CONTROLLER),
            f"--kubeconfig={plane.kubeconfig_for(CONTROLLER)}",
            "--leader-elect=false",
            f"--healthzPort={self._port}",
            f"--metricsPort={free_port()}",
            "--qps=1000",
            "--burst=2000",
        ]
        self._process = Process(CONTROLLER, command, plane.folder / f"{CONTROLLER}.log")

    def __enter__(self) -> Self:
        for file in sorted(definitions(self.tools).iterdir()):
            self._plane.kubectl("create", "-f", str(file))
        try:
            self._process.start()
            self._process.wait_until(
                "/healthz is not 200", lambda: is_well(self._port, "/healthz"), seconds=60
            )
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()


def definitions(tools: Path) -> Path:
    """Return the folder of the resource definitions, which appears beside the controller when it is complete.

    Raises:
        BuildError: the Go module cannot be had.
    """
    folder = tools / "crds"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=tools, prefix=".crds-") as scratch:
            part = Path(scratch, "crds")
            part.mkdir()
            for file in (module_folder() / "manifests" / "crds").glob("*-crd.yaml"):
                shutil.copy(file, part)
            with suppress(OSError):  # Another run may have been faster.
                part.rename(folder)
    return folder


def module_folder() -> Path:
    """Return where Go keeps the module's own files."""
    command = [str(find_go(cache_folder())), "mod", "download", "-json", PACKAGE]
    answer = subprocess.run(
        command, cwd=HERE / MODULE, env=environment(), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise BuildError(f"the definitions of {MODULE} cannot be had: {answer.stderr.strip()}")
    return Path(json.loads(answer.stdout)["Dir"])
