"""What a test can ask of a cluster, whether real processes serve it or the sandbox.

A cluster that can be stopped and frozen is more than this: `ControlPlane`.
"""

import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from tests.testbed.api import Api
from tests.testbed.audit import Audit


class Plane(ABC):
    """A cluster at `url`; `audit` is what was asked of it, `folder` has its files, `tools` the programs."""

    url: str
    folder: Path
    tools: Path
    audit: Audit

    @abstractmethod
    def kubeconfig_for(self, user: str) -> Path:
        """Return the kubeconfig of `user`: admin, bench, receiver-1 to receiver-4."""

    @abstractmethod
    def api(self, user: str = "admin") -> Api:
        """Return the API as `user` speaks to it."""

    @property
    def kubeconfig(self) -> Path:
        """The admin's kubeconfig."""
        return self.kubeconfig_for("admin")

    def check(self) -> None:  # noqa: B027
        """Raise if the cluster has ended by itself."""

    def recover(self) -> None:  # noqa: B027
        """Have the cluster go on where somebody left it stopped."""

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        content_type: str = "application/json",
        *,
        user: str = "admin",
        timeout_seconds: float = 10,
    ) -> Any:
        """Ask the API server and return its answer, as `Api.request` does.

        Raises:
            ApiError: the server answered with 400 or more.
            OSError: no answer.
        """
        return self.api(user).request(method, path, body, content_type, timeout_seconds)

    def kubectl(
        self, *args: str, stdin: str | None = None, user: str = "admin", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl and return its output.

        Raises:
            RuntimeError: it failed; the message is what it said. Not raised where `check` is False.
        """
        own = [f"--kubeconfig={self.kubeconfig_for(user)}", f"--cache-dir={self.folder / 'kubectl'}"]
        command = [str(self.tools / "kubectl"), *own, *args]
        answer = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and answer.returncode:
            said = answer.stderr.strip()
            raise RuntimeError(f"kubectl {' '.join(args)}: exit code {answer.returncode}: {said}")
        return answer
