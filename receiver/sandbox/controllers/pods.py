"""The scheduler and the kubelet: a container does what the tag of its image says.

A tag with `slow` starts in 5 s, any other in 0.1 s; one with `broken` waits in CrashLoopBackOff and never
gets ready. A deleted pod is gone at once.
"""

import zlib
from datetime import datetime
from typing import Any

from receiver.sandbox.clock import stamp
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.controllers.writes import put_status
from receiver.sandbox.resources import NODES, PODS

Object = dict[str, Any]
SOON_SECONDS, SLOW_SECONDS = 0.1, 5
ADDRESS = "10.1.0.1"
KUBELET = "kwok"


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Put a pod on a node, and start it there when it is time."""
    pod = work.store.find(PODS, namespace, name)
    if pod is None or "deletionTimestamp" in pod["metadata"]:
        return
    task = Task(PODS.key, namespace, name)
    if not _is_scheduled(pod):
        pod = _schedule(work, pod)
        if _is_scheduled(pod):
            work.later(task, work.now + work.store.clock.delay(_start_seconds(pod)))
    elif "startTime" not in pod["status"] and not work.waits(task):
        put_status(work, PODS, pod, _started(pod, work.now), writer=KUBELET)


def tag_of(image: str) -> str:
    """Return what follows the last colon after the last slash; "" if there is none."""
    _, colon, tag = image.rpartition("/")[2].rpartition(":")
    return tag if colon else ""


def _tags(pod: Object) -> list[str]:
    return [tag_of(each["image"]) for each in pod["spec"]["containers"]]


def _start_seconds(pod: Object) -> float:
    return SLOW_SECONDS if any("slow" in tag for tag in _tags(pod)) else SOON_SECONDS


def _is_scheduled(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any((each["type"], each["status"]) == ("PodScheduled", "True") for each in conditions)


def _schedule(work: Work, pod: Object) -> Object:
    nodes = [each["metadata"]["name"] for each in work.store.list(NODES)[0]]
    if not nodes:
        return pod
    chosen = nodes[zlib.crc32(pod["metadata"]["uid"].encode()) % len(nodes)]
    bound = {**pod, "spec": {"nodeName": chosen, **pod["spec"]}}
    condition = _condition("PodScheduled", stamp(work.now), good=True)
    bound["status"] = {**pod["status"], "conditions": [condition]}
    # A binding is in nobody's name.
    place = (pod["metadata"]["namespace"], pod["metadata"]["name"])
    return work.store.change(PODS, *place, lambda _: bound, counts=False)


def _started(pod: Object, moment: datetime) -> Object:
    at = stamp(moment)
    containers = [_container(each, at) for each in pod["spec"]["containers"]]
    ready = all(each["ready"] for each in containers)
    own = [_condition("Initialized", at, good=True)]
    own += [_condition(each, at, good=ready) for each in ("ContainersReady", "Ready")]
    return {
        **pod["status"],
        "phase": "Running",
        "startTime": at,
        "podIP": ADDRESS,
        "podIPs": [{"ip": ADDRESS}],
        "containerStatuses": containers,
        "conditions": own + pod["status"]["conditions"],
    }


def _container(container: Object, at: str) -> Object:
    state: Object = {"running": {"startedAt": at}}
    broken = "broken" in tag_of(container["image"])
    if broken:
        why = "back-off 5m0s restarting failed container"
        state = {"waiting": {"reason": "CrashLoopBackOff", "message": why}}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "lastState": {},
        "ready": not broken,
        "started": not broken,
        "restartCount": 5 if broken else 0,
        "state": state,
    }


def _condition(type_: str, at: str, *, good: bool) -> Object:
    return {"type": type_, "status": str(good), "lastProbeTime": None, "lastTransitionTime": at}
