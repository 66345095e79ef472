"""Deployment shop/checkout and its ReplicaSets as the API server has them; a test changes one thing."""

from typing import Any

from tests.kubernetes.fake import FakeApi

Object = dict[str, Any]
UID = "uid-1"
SHOP = "/apis/apps/v1/namespaces/shop"
REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"


def at(day: int, hour: int = 0, minute: int = 0) -> str:
    """A time of April 2026."""
    return f"2026-04-{day:02}T{hour:02}:{minute:02}:00Z"


def template(image: str = "checkout:7", **labels: str) -> Object:
    """A pod template as it stands in a Deployment."""
    return {
        "metadata": {"labels": {"app": "checkout", **labels}},
        "spec": {"containers": [{"name": "web", "image": image}]},
    }


def deployment(image: str = "checkout:7", **changes: Any) -> Object:
    """The Deployment, rolled out completely; `changes` replace whole parts: metadata, spec, status."""
    metadata = {"name": "checkout", "namespace": "shop", "uid": UID, "generation": 7}
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "checkout"}},
        "template": template(image),
    }
    status = {
        "observedGeneration": 7,
        "replicas": 3,
        "updatedReplicas": 3,
        "availableReplicas": 3,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**metadata, **changes.get("metadata", {})},
        "spec": {**spec, **changes.get("spec", {})},
        "status": changes.get("status", status),
    }


def replica_set(
    number: int | str | None,
    *,
    image: str | None = None,
    created: str | None = None,
    name: str | None = None,
    replicas: int = 0,
    available: int = 0,
    owner: str = UID,
    annotations: dict[str, str] | None = None,
    scaled: str | None = None,
) -> Object:
    """ReplicaSet checkout-hashN with image checkout:N, made on day N of the month.

    `scaled` is when its controller last gave it another size, None where nothing tells.
    """
    numbered = {} if number is None else {REVISION: str(number)}
    pod_hash = f"hash{number}"
    return {
        "metadata": {
            "name": name or f"checkout-{pod_hash}",
            "namespace": "shop",
            "labels": {"pod-template-hash": pod_hash},
            "creationTimestamp": created or at(int(number or 1)),
            "annotations": {**numbered, **(annotations or {})},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "name": "checkout",
                    "uid": owner,
                    "controller": True,
                },
            ],
            "managedFields": [] if scaled is None else [manages(scaled, "f:replicas")],
        },
        "spec": {
            "replicas": replicas,
            "template": template(image or f"checkout:{number}", **{"pod-template-hash": pod_hash}),
        },
        "status": {"replicas": replicas, "availableReplicas": available},
    }


def manages(time: str, field: str, *, subresource: str | None = None) -> Object:
    """An entry of managedFields that owns one field of the spec."""
    entry: Object = {"manager": "kube-controller-manager", "time": time, "fieldsV1": {"f:spec": {field: {}}}}
    return {**entry, "subresource": subresource} if subresource else entry


def manages_template(time: str | None, *, manager: str = "kubectl", subresource: str | None = None) -> Object:
    """An entry of managedFields that owns the template."""
    entry: Object = {"manager": manager, "fieldsV1": {"f:spec": {"f:template": {"f:spec": {}}}}}
    if time:
        entry["time"] = time
    return {**entry, "subresource": subresource} if subresource else entry


def progressing(reason: str, updated: str | None) -> Object:
    """The Progressing condition."""
    condition = {"type": "Progressing", "status": "True", "reason": reason}
    return {**condition, "lastUpdateTime": updated} if updated else condition


def shop(api: FakeApi, *replica_sets: Object, of: Object | None = None) -> None:
    """Put the Deployment, these ReplicaSets and their namespace into the fake."""
    api.put("/api/v1/namespaces/shop")
    api.put(f"{SHOP}/deployments/checkout", **(of or deployment()))
    for raw in replica_sets:
        api.put(f"{SHOP}/replicasets/{raw['metadata']['name']}", **raw)
