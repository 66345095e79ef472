"""Rollout shop/web and its ReplicaSets as Argo Rollouts' controller leaves them; a test changes one thing."""

from typing import Any

from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, UID, at, template

Object = dict[str, Any]
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts"
HASH_LABEL = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"
OWNER = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "controller": True}


def rollout(**changes: Any) -> Object:
    """Revision 7 is live and stable; `changes` are laid over the parts: metadata, spec, status."""
    metadata = {"name": "web", "namespace": "shop", "uid": UID, "generation": 9}
    status = {
        "observedGeneration": "9",
        "phase": "Healthy",
        "stableRS": "hash7",
        "currentPodHash": "hash7",
    }
    spec = {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "checkout"}},
        "template": template("web:7"),
        "strategy": {"canary": {}},
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {**metadata, **changes.get("metadata", {})},
        "spec": {**spec, **changes.get("spec", {})},
        "status": {**status, **changes.get("status", {})},
    }


def replica_set(number: int, *, replicas: int = 0, annotations: dict[str, str] | None = None) -> Object:
    """ReplicaSet web-hashN with image web:N, made on day N; its template has what the API server fills in."""
    pod_hash = f"hash{number}"
    made = template(f"web:{number}", **{HASH_LABEL: pod_hash})
    return {
        "metadata": {
            "name": f"web-{pod_hash}",
            "namespace": "shop",
            "labels": {HASH_LABEL: pod_hash},
            "creationTimestamp": at(number),
            "annotations": {REVISION: str(number), **(annotations or {})},
            "ownerReferences": [{**OWNER, "uid": UID}],
        },
        "spec": {
            "replicas": replicas,
            "template": {**made, "spec": {**made["spec"], "dnsPolicy": "ClusterFirst"}},
        },
        "status": {"availableReplicas": replicas},
    }


def put(api: FakeApi, *replica_sets: Object, of: Object | None = None) -> None:
    """Put the Rollout, these ReplicaSets and their namespace into the fake."""
    api.put("/api/v1/namespaces/shop")
    api.put(f"{ROLLOUTS}/web", **(of or rollout()))
    for raw in replica_sets:
        api.put(f"{SHOP}/replicasets/{raw['metadata']['name']}", **raw)
