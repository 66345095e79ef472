"""Deployments for tests: created, released and waited for, in plain JSON.

A rollout is complete when `kubectl rollout status` would say so.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from tests.testbed.plane import Plane
from tests.testbed.processes import wait_until

IMAGE = "registry.example/shop/web:1"
CONTAINER = "app"


def path_of(namespace: str, name: str = "", resource: str = "deployments") -> str:
    """Return the API path of a workload, or of all of them in the namespace."""
    return f"/apis/apps/v1/namespaces/{namespace}/{resource}/{name}".rstrip("/")


def create_namespace(plane: Plane, prefix: str) -> str:
    """Create a namespace that nobody has used before, and return its name."""
    name = f"{prefix}-{secrets.token_hex(4)}"
    plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def delete_namespace(plane: Plane, name: str) -> None:
    """Ask for the namespace's end, and don't wait for it."""
    plane.request("DELETE", f"/api/v1/namespaces/{name}")


def deployment(
    name: str,
    image: str = IMAGE,
    *,
    replicas: int = 2,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """Return a Deployment with one container; `spec` is laid over its spec."""
    app = {"app": name}
    template = {"metadata": {"labels": app}, "spec": {"containers": [{"name": CONTAINER, "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": app | dict(labels or {}),
            "annotations": dict(annotations or {}),
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": app}, "template": template, **spec},
    }


def get(plane: Plane, namespace: str, name: str) -> dict[str, Any]:
    """Return the Deployment as it is now."""
    found: dict[str, Any] = plane.request("GET", path_of(namespace, name))
    return found


def create(plane: Plane, namespace: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create the Deployment and return it as it is stored."""
    created: dict[str, Any] = plane.request("POST", path_of(namespace), body)
    return created


def set_image(plane: Plane, namespace: str, name: str, image: str) -> dict[str, Any]:
    """Release `image` and return the Deployment as it is stored then."""
    containers = [{"name": CONTAINER, "image": image}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    content_type = "application/strategic-merge-patch+json"
    released: dict[str, Any] = plane.request("PATCH", path_of(namespace, name), patch, content_type)
    return released


def image_of(body: Mapping[str, Any]) -> str:
    """Return the image of the Deployment's container."""
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def is_rolled_out(body: Mapping[str, Any]) -> bool:
    """Tell whether every replica is of the current template and available, and no other is left."""
    status, replicas = body.get("status", {}), body["spec"]["replicas"]
    counts = [status.get(count, 0) for count in ("updatedReplicas", "replicas", "availableReplicas")]
    observed = status.get("observedGeneration", 0) >= body["metadata"]["generation"]
    return observed and counts == [replicas] * 3


def wait_rolled_out(plane: Plane, namespace: str, name: str, *, seconds: float = 30) -> dict[str, Any]:
    """Return the Deployment once its rollout is complete.

    Raises:
        TimeoutError: it is not within `seconds`; the message is its status then.
    """
    latest: dict[str, Any] = {}

    def rolled_out() -> bool:
        latest.update(get(plane, namespace, name))
        return is_rolled_out(latest)

    try:
        wait_until(f"rollout of Deployment {namespace}/{name}", rolled_out, seconds=seconds)
    except TimeoutError as e:
        raise TimeoutError(f"{e}: {latest.get('status')}") from e
    return latest
