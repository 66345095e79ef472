"""What every measurement needs: a control plane with the CRD, a receiver, and Deployments to release."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cluster.receivers import Receiver
from tests.testbed import workloads
from tests.testbed.controlplane import ControlPlane

RULES = """
rules:
  - name: bench
    matchers: ['alertname="Bench"']
    mode: auto
    rollback: {to: last-good, soak: 0s}
    guards: {deployed_within: 1h, cooldown: 0s, budget: off}
    verify: {rollout_timeout: 10m, resolved_within: 10m}
"""


class Stage:
    """A control plane, a namespace for the records, one for the workloads, and one receiver."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane = plane
        self.home = workloads.create_namespace(plane, "bench-records")
        self.shop = workloads.create_namespace(plane, "bench-shop")
        rules = folder / "rules.yaml"
        rules.write_text(RULES)
        self.receiver = Receiver(plane.kubeconfig_for("receiver-1"), self.home, rules, folder)

    def deploy(self, name: str, replicas: int = 1) -> None:
        """Create a Deployment at its first, good image."""
        body = workloads.deployment(name, "shop/web:1", replicas=replicas)
        workloads.create(self.plane, self.shop, body)

    def release(self, name: str) -> None:
        """Release the second image."""
        workloads.set_image(self.plane, self.shop, name, "shop/web:2")

    def wait(self, *names: str) -> None:
        """Wait until the rollouts are complete."""
        for name in names:
            workloads.wait_rolled_out(self.plane, self.shop, name, seconds=300)

    def release_all(self, names: Sequence[str]) -> None:
        """Create Deployments, release the second image of each, and return when the cluster is at rest."""
        for name in names:
            self.deploy(name)
        self.wait(*names)
        for name in names:
            self.release(name)
        self.wait(*names)
        time.sleep(2)


@contextmanager
def stage() -> Iterator[Stage]:
    """Start everything; end it again."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        plane = stack.enter_context(ControlPlane())
        command = [sys.executable, "-m", "receiver", "crd"]
        plane.kubectl("apply", "-f", "-", stdin=subprocess.check_output(command, text=True))
        plane.kubectl("wait", "--for=condition=Established", "crd/rollbacks.rollback-receiver.dev")
        made = Stage(plane, folder)
        stack.callback(made.receiver.kill)
        made.receiver.start()
        made.receiver.wait_ready()
        yield made


def rss_megabytes(pid: int) -> float:
    """Return the proportional memory of a process and its children, so that shared pages count once."""
    return sum(_pss(child) for child in _family(pid)) / 1024


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def show(title: str, **figures: object) -> None:
    """Print one measurement as a line of JSON."""
    print(json.dumps({"bench": title, **figures}), flush=True)
