"""StatefulSets and DaemonSets for tests: created, released and waited for; and their revisions and pods."""

from typing import Any

from tests.cluster.contracts import STRATEGIC_PATCH, Cluster, Folder, Object
from tests.testbed import workloads


def workload(kind: str, image: str, **spec: Any) -> Object:
    """Return a StatefulSet or a DaemonSet; `spec` is laid over its spec."""
    body = workloads.deployment("web", image)
    kept = {key: body["spec"][key] for key in ("selector", "template")}
    return {**body, "kind": kind, "spec": {**kept, **spec}}


def set_image(folder: Folder, image: str) -> None:
    """Release an image."""
    body = {"spec": {"template": {"spec": {"containers": [{"name": workloads.CONTAINER, "image": image}]}}}}
    folder.done("PATCH", "web", body, STRATEGIC_PATCH)


def revisions(cluster: Cluster) -> dict[str, Object]:
    """Return the revisions of web by their image."""
    found = cluster.apps("controllerrevisions").done("GET")["items"]
    return {each["data"]["spec"]["template"]["spec"]["containers"][0]["image"]: each for each in found}


def numbers(cluster: Cluster) -> dict[str, int]:
    return {image: each["revision"] for image, each in revisions(cluster).items()}


def pods(cluster: Cluster) -> dict[str, Object]:
    return {pod["metadata"]["name"]: pod for pod in cluster.core("pods").done("GET")["items"]}


def images(cluster: Cluster) -> dict[str, str]:
    return {name: pod["spec"]["containers"][0]["image"] for name, pod in pods(cluster).items()}


def stateful(cluster: Cluster, replicas: int = 2, **spec: Any) -> Folder:
    """Create a StatefulSet and return the folder when it is rolled out."""
    folder = cluster.apps("statefulsets")
    folder.create(workload("StatefulSet", "x/web:1", serviceName="web", replicas=replicas, **spec))
    wait_stateful(folder)
    return folder


def wait_stateful(folder: Folder) -> Object:
    """Return the StatefulSet when it is rolled out."""

    def done(web: Object) -> bool:
        status, replicas = web.get("status", {}), web["spec"]["replicas"]
        observed = status.get("observedGeneration") == web["metadata"]["generation"]
        counts = [status.get(each) for each in ("updatedReplicas", "availableReplicas")]
        current = status.get("currentRevision") == status.get("updateRevision")
        return observed and current and counts == [replicas] * 2

    return folder.wait_for("web", "rolled out", done, seconds=20)


def daemon(cluster: Cluster) -> Folder:
    """Create a DaemonSet and return the folder when it is rolled out."""
    folder = cluster.apps("daemonsets")
    folder.create(workload("DaemonSet", "x/web:1"))
    wait_daemon(folder)
    return folder


def wait_daemon(folder: Folder) -> Object:
    """Return the DaemonSet when it is rolled out."""

    def done(web: Object) -> bool:
        status = web.get("status", {})
        observed = status.get("observedGeneration") == web["metadata"]["generation"]
        desired = status.get("desiredNumberScheduled")
        counts = {status.get(each) for each in ("updatedNumberScheduled", "numberAvailable")}
        return bool(observed and desired and counts == {desired})

    return folder.wait_for("web", "rolled out", done, seconds=20)
