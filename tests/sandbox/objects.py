"""Manifests and shorthands for the tests of what happens to an object before it is stored."""

import copy
from datetime import UTC, datetime
from typing import Any

from receiver.sandbox import admission
from receiver.sandbox.clock import Clock
from receiver.sandbox.resources import DEPLOYMENTS, Resource
from receiver.sandbox.store import Store

Object = dict[str, Any]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 13, tzinfo=UTC)
DELETE = object()


def workload(kind: str = "Deployment", name: str = "web", **spec: Any) -> Object:
    """Return a small workload; `spec` replaces parts of its spec."""
    container = {"name": "app", "image": "shop:1"}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    base = {"selector": {"matchLabels": {"app": name}}, "template": template}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": {**base, **spec}}


def changed(obj: Object, path: str, value: Any) -> Object:
    """Return a copy with the value at a path (`spec/replicas`); DELETE removes what is there."""
    new: Any = copy.deepcopy(obj)
    place: Any = new
    steps: list[Any] = [int(step) if step.isdigit() else step for step in path.split("/")]
    last = steps.pop()
    for step in steps:
        place = place[step] if isinstance(place, list) else place.setdefault(step, {})
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    found: Object = new
    return found


def created(obj: Object, resource: Resource = DEPLOYMENTS, *, manager: str = "alice") -> Object:
    """Return the object as it is stored when it is new."""
    return Store(Clock()).create(resource, admission.admit_create(resource, obj, manager=manager, now=NOW))


def updated(
    new: Object,
    old: Object,
    resource: Resource = DEPLOYMENTS,
    *,
    subresource: str = "",
    manager: str = "bob",
) -> Object:
    """Return what an update makes of a stored object."""
    return admission.admit_update(resource, new, old, subresource=subresource, manager=manager, now=LATER)
