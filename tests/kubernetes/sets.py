"""StatefulSet or DaemonSet shop/db and its ControllerRevisions as the API server has them."""

from typing import Any

from tests.kubernetes.fake import FakeApi
from tests.kubernetes.objects import SHOP, UID, at, template

Object = dict[str, Any]
HASH_LABELS = {"StatefulSet": "controller.kubernetes.io/hash", "DaemonSet": "controller-revision-hash"}
PLURALS = {"StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


def workload(kind: str = "StatefulSet", image: str = "db:7", **changes: Any) -> Object:
    """The workload, of revision 7; `changes` are laid over metadata and spec, `status` replaces it."""
    metadata = {"name": "db", "namespace": "shop", "uid": UID, "generation": 7}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "checkout"}}, "template": template(image)}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {**metadata, **changes.get("metadata", {})},
        "spec": {**spec, **changes.get("spec", {})},
        "status": changes.get("status", {"observedGeneration": 7}),
    }


def controller_revision(
    number: Any,
    *,
    kind: str = "StatefulSet",
    image: str | None = None,
    created: str | None = None,
    name: str | None = None,
    owner: str = UID,
    data: Any = None,
    annotations: dict[str, str] | None = None,
) -> Object:
    """ControllerRevision db-hashN with image db:N, made on day N of the month."""
    held = {**template(image or f"db:{number}"), "$patch": "replace"}
    return {
        "metadata": {
            "name": name or f"db-hash{number}",
            "namespace": "shop",
            "labels": {"app": "checkout", HASH_LABELS[kind]: f"hash{number}"},
            "creationTimestamp": created or at(number),
            "annotations": annotations or {},
            "ownerReferences": [{"kind": kind, "name": "db", "uid": owner, "controller": True}],
        },
        "data": {"spec": {"template": held}} if data is None else data,
        "revision": number,
    }


def pod(name: str, revision: str, *, ready: bool = False, **changes: Any) -> Object:
    """A pod of the StatefulSet, made of the revision of this name."""
    metadata = {
        "name": name,
        "namespace": "shop",
        "uid": f"uid-{name}",
        "labels": {"app": "checkout", "controller-revision-hash": revision},
        "ownerReferences": [{"kind": "StatefulSet", "name": "db", "uid": UID, "controller": True}],
    }
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {"metadata": {**metadata, **changes}, "status": {"conditions": conditions}}


def put(api: FakeApi, *objects: Object, of: Object) -> None:
    """Put a workload, these ControllerRevisions and pods, and their namespace into the fake."""
    api.put("/api/v1/namespaces/shop")
    api.put(f"{SHOP}/{PLURALS[of['kind']]}/db", **of)
    for raw in objects:
        folder = f"{SHOP}/controllerrevisions" if "revision" in raw else "/api/v1/namespaces/shop/pods"
        api.put(f"{folder}/{raw['metadata']['name']}", **raw)
