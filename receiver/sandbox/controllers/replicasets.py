"""ReplicaSets: so many pods of a template, no more and no less."""

from typing import Any

from receiver.sandbox.clock import parse
from receiver.sandbox.controllers.podmaking import create_pod, is_active, is_available, is_ready
from receiver.sandbox.controllers.work import Work
from receiver.sandbox.controllers.writes import claim, put_status, remove
from receiver.sandbox.resources import PODS, REPLICA_SETS
from receiver.sandbox.selectors import matches

Object = dict[str, Any]


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Make or delete pods, and count them."""
    replica_set = work.store.find(REPLICA_SETS, namespace, name)
    if replica_set is None:
        return
    pods = [each for each in claim(work, replica_set, PODS) if is_active(each)]
    if "deletionTimestamp" not in replica_set["metadata"]:
        pods = _fit(work, replica_set, pods)
    put_status(work, REPLICA_SETS, replica_set, _status(work, replica_set, pods))


def _fit(work: Work, replica_set: Object, pods: list[Object]) -> list[Object]:
    """Return the pods that there are after making the missing ones or deleting those too many."""
    wanted, template = replica_set["spec"]["replicas"], replica_set["spec"]["template"]
    made = [create_pod(work, replica_set, template, labels={}) for _ in range(wanted - len(pods))]
    spare = sorted(pods, key=_worth)[: max(len(pods) - wanted, 0)]
    for each in spare:
        remove(work, PODS, each)
    return [each for each in pods if each not in spare] + made


def _worth(pod: Object) -> tuple[bool, bool, bool, float]:
    """Return what a pod is sorted by when some must go: the least useful and the newest go first."""
    age = -parse(pod["metadata"]["creationTimestamp"]).timestamp()
    return bool(pod["spec"].get("nodeName")), pod["status"]["phase"] == "Running", is_ready(pod), age


def _status(work: Work, replica_set: Object, pods: list[Object]) -> Object:
    labels = {"matchLabels": replica_set["spec"]["template"]["metadata"]["labels"]}
    counts = {
        "fullyLabeledReplicas": sum(matches(labels, each["metadata"].get("labels") or {}) for each in pods),
        "readyReplicas": sum(map(is_ready, pods)),
        "availableReplicas": sum(is_available(work, each, replica_set) for each in pods),
    }
    return {
        "replicas": len(pods),
        **{name: count for name, count in counts.items() if count},
        "observedGeneration": replica_set["metadata"]["generation"],
        "terminatingReplicas": 0,
    }
