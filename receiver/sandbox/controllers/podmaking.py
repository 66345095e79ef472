"""Pods as controllers make them of a template, and what can be told from a pod's state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from receiver.sandbox.clock import parse
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.controllers.writes import create, named, random_ending, reference
from receiver.sandbox.resources import PODS

Object = dict[str, Any]


def create_pod(
    work: Work, owner: Object, template: Object, *, labels: Mapping[str, str], name: str = "", **spec: Any
) -> Object:
    """Store a new pod of a template, with labels and spec laid over it; without a name it gets one."""
    given = template.get("metadata") or {}
    metadata = {
        "name": name or named(owner, random_ending()),
        "generateName": f"{owner['metadata']['name']}-",
        "namespace": owner["metadata"]["namespace"],
        "labels": {**(given.get("labels") or {}), **labels},
        "ownerReferences": [reference(owner)],
    }
    if given.get("annotations"):
        metadata["annotations"] = given["annotations"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**template["spec"], **spec},
    }
    return create(work, PODS, pod)


def is_active(pod: Object) -> bool:
    """Tell whether a pod counts as a replica: it neither ended nor is about to."""
    ended = pod["status"].get("phase") in {"Succeeded", "Failed"}
    return not ended and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Object) -> bool:
    """Tell whether a pod is ready."""
    return _ready(pod) is not None


def is_available(work: Work, pod: Object, owner: Object) -> bool:
    """Tell whether a pod has been ready as long as its owner wants; have the owner looked at when it has."""
    condition, wanted = _ready(pod), owner["spec"].get("minReadySeconds") or 0
    if condition is None:
        return False
    if not wanted:
        return True
    moment: datetime = parse(condition["lastTransitionTime"]) + work.store.clock.delay(wanted)
    if moment <= work.now:
        return True
    kind = work.resources.of_kind(owner["apiVersion"], owner["kind"])
    if kind is not None:
        metadata = owner["metadata"]
        work.later(Task(kind.key, metadata["namespace"], metadata["name"]), moment)
    return False


def _ready(pod: Object) -> Object | None:
    conditions: list[Object] = pod["status"].get("conditions") or []
    return next((each for each in conditions if (each["type"], each["status"]) == ("Ready", "True")), None)
