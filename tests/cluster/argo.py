"""Rollouts of Argo Rollouts for tests: created, released and waited for; and what receivers did to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster import scenes
from tests.cluster.contracts import Cluster, Folder, named
from tests.cluster.receivers import alert
from tests.cluster.scenes import GOOD, Object
from tests.testbed import workloads
from tests.testbed.audit import AuditEntry

HASH_LABEL = "rollouts-pod-template-hash"
AT_ONCE: Mapping[str, Any] = {"canary": {"maxSurge": "100%"}}
PAUSING: Mapping[str, Any] = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}]}}
"""A canary that waits until somebody promotes it."""
BLUE_GREEN: Mapping[str, Any] = {"blueGreen": {"activeService": "web", "scaleDownDelaySeconds": 1}}
PREVIEWING: Mapping[str, Any] = {"blueGreen": {**BLUE_GREEN["blueGreen"], "autoPromotionEnabled": False}}
"""Blue-green that does not switch over until somebody promotes it."""


@dataclass(frozen=True)
class Rollouts:
    """The Rollouts of the test's namespace, of which most tests know only web."""

    cluster: Cluster

    @property
    def folder(self) -> Folder:
        namespace = self.cluster.namespace
        return Folder(self.cluster.plane, f"/apis/argoproj.io/v1alpha1/namespaces/{namespace}/rollouts")

    @property
    def image(self) -> str:
        """The image that web's template names now."""
        return workloads.image_of(self.folder.get("web"))

    @property
    def images(self) -> set[str]:
        """The images that its pods run."""
        pods = self.cluster.core("pods").done("GET")["items"]
        return {pod["spec"]["containers"][0]["image"] for pod in pods}

    def create_service(self) -> None:
        """Create Service web, which selects the pods of web."""
        spec = {"ports": [{"port": 80}], "selector": {"app": "web"}}
        self.cluster.core("services").create(named("web", spec=spec))

    def create(self, strategy: Mapping[str, Any] = AT_ONCE, **spec: Any) -> None:
        """Roll GOOD out."""
        body = workloads.deployment("web", GOOD)
        kind = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
        self.folder.create({**body, **kind, "spec": {**body["spec"], "strategy": strategy, **spec}})
        self.wait("Healthy")

    def release(self, image: str, phase: str = "Healthy") -> None:
        """Release an image, and return when the Rollout has come to this phase with it."""
        containers = [{"name": workloads.CONTAINER, "image": image}]
        self.folder.merge("web", {"spec": {"template": {"spec": {"containers": containers}}}})
        self.wait(phase)

    def promote(self) -> None:
        """Skip all steps, as `kubectl argo rollouts promote --full`."""
        self.folder.merge("web/status", {"status": {"promoteFull": True}})
        self.wait("Healthy")

    def abort(self) -> None:
        """Give the update up, as `kubectl argo rollouts abort`."""
        self.folder.merge("web/status", {"status": {"abort": True}})
        self.wait("Degraded")

    def wait(self, phase: str) -> Object:
        """Return the Rollout once its controller has seen it and says that it is in this phase."""

        def reached(web: Object) -> bool:
            status = web.get("status", {})
            observed = status.get("observedGeneration") == str(web["metadata"]["generation"])
            return bool(observed and status.get("phase") == phase)

        return self.folder.wait_for("web", phase, reached, seconds=20)

    def hash_of(self, image: str) -> str:
        """Return the hash that the controller gave the ReplicaSet of an image."""
        found = self.cluster.replica_sets.done("GET")["items"]
        (mine,) = (each for each in found if workloads.image_of(each) == image)
        return str(mine["metadata"]["labels"][HASH_LABEL])

    def firing(self, **labels: str) -> Object:
        """Return an alert that starts now, about web unless its labels say otherwise."""
        named = labels or {"rollout": "web"}
        return alert("HighErrorRate", {"namespace": self.cluster.namespace, **named})

    def writes(self) -> list[AuditEntry]:
        """Return what receivers have changed of Rollouts, of their status too."""
        scenes.flush_audit(self.cluster.plane)
        found = self.cluster.plane.audit.requests(resource="rollouts", namespace=self.cluster.namespace)
        written = [entry for entry in found if entry.verb not in {"get", "list", "watch"}]
        return [e for e in written if e.user.startswith("receiver-") and e.code == 200 and not e.dry_run]
