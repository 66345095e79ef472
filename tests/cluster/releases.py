"""Releases of the chart on a cluster: installed, changed and looked at as users do, by Helm and kubectl."""

import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.contracts import RECORD_SPEC
from tests.helm.charts import CHART, RULE, Object, run
from tests.helm.matrix import KINDS, TOKENS
from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

NAME = "rollback-receiver"
VALUES: dict[str, Any] = {
    "config": {"mode": "auto"},
    "rules": {"http.yaml": RULE},
    "kinds": KINDS,
    "networkPolicy": {"enabled": True, "from": [{"podSelector": {}}]},
    "grafanaDashboard": {"enabled": True},
    "ingress": {"enabled": True, "host": "rollbacks.example"},
    **TOKENS,
}
PASSING = ("events", "leases", "endpoint", "pods", "replicasets", "nodes", "apiservices", "ipaddresses")
"""Kinds that controllers make and take, whoever installs what."""


@dataclass(frozen=True)
class Release:
    """A release, installed or to be, in a namespace of its own."""

    plane: Plane
    helm: Path
    namespace: str

    def do(self, *words: str, values: dict[str, Any] | None = None) -> str:
        """Run Helm, which must succeed, and return what it printed."""
        done = self.attempt(*words, values=values)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def attempt(self, *words: str, values: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
        """Run Helm, whether or not it succeeds."""
        where = (f"--kubeconfig={self.plane.kubeconfig}", f"--namespace={self.namespace}")
        return run(self.helm, *words, *where, values=values)

    def install(self, **values: Any) -> None:
        self.do("install", NAME, str(CHART), "--wait", "--timeout=60s", values=VALUES | values)

    def upgrade(self, **values: Any) -> None:
        self.do("upgrade", NAME, str(CHART), "--wait", "--timeout=60s", values=VALUES | values)

    def objects(self) -> set[str]:
        """Return all that is in the cluster and the namespace, but for what comes and goes by itself.

        Right after a definition is deleted, its kind is still discovered for a moment, and not served.
        """

        def seen() -> set[str] | None:
            with suppress(RuntimeError):
                return self._objects()
            return None

        return wait_until("all that is discovered is served", seen, seconds=30) or set()

    def _objects(self) -> set[str]:
        kinds: list[str] = []
        for namespaced in ("true", "false"):
            asked = ("api-resources", "--verbs=list", f"--namespaced={namespaced}", "-o", "name")
            kinds += self.plane.kubectl(*asked).stdout.split()
        kept = ",".join(kind for kind in kinds if not kind.startswith(PASSING))
        found = self.plane.kubectl("get", kept, "-o", "name", f"--namespace={self.namespace}")
        return {name for name in found.stdout.split() if not name.startswith("namespace/home-")}

    def get(self, resource: str, name: str) -> Object:
        found: Object = json.loads(
            self.plane.kubectl("get", resource, name, "-o", "json", f"--namespace={self.namespace}").stdout
        )
        return found

    def pods(self) -> dict[str, Object]:
        """Return the receivers' pods that are not on their way out."""
        selector = f"app.kubernetes.io/instance={NAME}"
        asked = ("get", "pods", "-o", "json", "-l", selector, f"--namespace={self.namespace}")
        items = json.loads(self.plane.kubectl(*asked).stdout)["items"]
        return {pod["metadata"]["name"]: pod for pod in items if "deletionTimestamp" not in pod["metadata"]}

    def record(self) -> str:
        """Write a record, as a receiver does, and what it keeps of budgets."""
        folder = f"/apis/rollback-receiver.dev/v1alpha1/namespaces/{self.namespace}/rollbacks"
        kind = {"apiVersion": "rollback-receiver.dev/v1alpha1", "kind": "Rollback"}
        self.plane.request("POST", folder, {**kind, "metadata": {"name": "web-1"}, "spec": RECORD_SPEC})
        ledger = f"/api/v1/namespaces/{self.namespace}/configmaps"
        self.plane.request("POST", ledger, {"metadata": {"name": NAME}, "data": {"rollbacks": ""}})
        return "rollback.rollback-receiver.dev/web-1"


def made(release: Release) -> set[str]:
    """Return what the release's manifest has, as kubectl names it."""
    groups = {
        "Deployment": "deployment.apps",
        "ClusterRole": "clusterrole.rbac.authorization.k8s.io",
        "ClusterRoleBinding": "clusterrolebinding.rbac.authorization.k8s.io",
        "Role": "role.rbac.authorization.k8s.io",
        "RoleBinding": "rolebinding.rbac.authorization.k8s.io",
        "PodDisruptionBudget": "poddisruptionbudget.policy",
        "NetworkPolicy": "networkpolicy.networking.k8s.io",
        "Ingress": "ingress.networking.k8s.io",
        "CustomResourceDefinition": "customresourcedefinition.apiextensions.k8s.io",
    }
    manifest = yaml.safe_load_all(release.do("get", "manifest", NAME))
    objects = [(one["kind"], one["metadata"]["name"]) for one in manifest if one]
    return {f"{groups.get(kind, kind.lower())}/{name}" for kind, name in objects}
