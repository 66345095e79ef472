"""DaemonSets: one pod on every node. A surge is treated as so many that may be unavailable."""

from typing import Any

from receiver.sandbox.controllers import history
from receiver.sandbox.controllers.podmaking import create_pod, is_active, is_available, is_ready
from receiver.sandbox.controllers.sizes import share
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.controllers.writes import claim, put_status, remove
from receiver.sandbox.resources import DAEMON_SETS, NODES, PODS

Object = dict[str, Any]
LABEL = "controller-revision-hash"
GENERATION, GENERATION_LABEL = "deprecated.daemonset.template.generation", "pod-template-generation"


def note(work: Work) -> None:
    """Have every DaemonSet looked at, for a node came or went."""
    for each in work.store.list(DAEMON_SETS)[0]:
        work.add(Task(DAEMON_SETS.key, each["metadata"]["namespace"], each["metadata"]["name"]))


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Make, replace and count the pods."""
    owner = work.store.find(DAEMON_SETS, namespace, name)
    if owner is None or "deletionTimestamp" in owner["metadata"]:
        return
    past = history.record(work, owner, label=LABEL)
    present = past.present["metadata"]["labels"][LABEL]
    pods = [each for each in claim(work, owner, PODS) if is_active(each)]
    nodes = [each for each in work.store.list(NODES)[0] if _fits(owner, each)]
    pods = _place(work, owner, _by_node(pods), nodes, present)
    pods = _replace(work, owner, pods, present)
    put_status(work, DAEMON_SETS, owner, _status(work, owner, pods, len(nodes), present))
    live = {f"{name}-{_revision(each)}" for each in pods}
    history.truncate(work, owner, past, live, spare_live=True)


def _fits(owner: Object, node: Object) -> bool:
    wanted = owner["spec"]["template"]["spec"].get("nodeSelector") or {}
    labels = node["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def _by_node(pods: list[Object]) -> dict[str, list[Object]]:
    found: dict[str, list[Object]] = {}
    for each in sorted(pods, key=lambda pod: pod["metadata"]["creationTimestamp"]):
        found.setdefault(each["spec"].get("nodeName", ""), []).append(each)
    return found


def _place(
    work: Work, owner: Object, pods: dict[str, list[Object]], nodes: list[Object], present: str
) -> list[Object]:
    """Return one pod for every node, made where there was none; delete the others."""
    labels = {LABEL: present}
    generation = (owner["metadata"].get("annotations") or {}).get(GENERATION)
    if generation:
        labels[GENERATION_LABEL] = generation
    placed = []
    for each in nodes:
        node = each["metadata"]["name"]
        held = pods.pop(node, [])
        template = owner["spec"]["template"]
        placed += held[:1] or [create_pod(work, owner, template, labels=labels, nodeName=node)]
        pods[f"{node} in excess"] = held[1:]
    for each in (pod for spare in pods.values() for pod in spare):
        remove(work, PODS, each)
    return placed


def _replace(work: Work, owner: Object, pods: list[Object], present: str) -> list[Object]:
    """Delete old pods: those not available, and as many others as may be missing; return the rest."""
    strategy = owner["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return pods
    rolling = strategy.get("rollingUpdate") or {}
    most = max(share(rolling.get(each), len(pods), up=True) for each in ("maxUnavailable", "maxSurge"))
    missing = [each for each in pods if not is_available(work, each, owner)]
    old = [each for each in pods if _revision(each) != present]
    gone = [each for each in old if each in missing]
    good = [each for each in old if each not in missing]
    gone += good[: max(most - len(missing), 0)]
    for each in gone:
        remove(work, PODS, each)
    return [each for each in pods if each not in gone]


def _revision(pod: Object) -> str:
    return str((pod["metadata"].get("labels") or {}).get(LABEL, ""))


def _status(work: Work, owner: Object, pods: list[Object], nodes: int, present: str) -> Object:
    available = sum(is_available(work, each, owner) for each in pods)
    counts = {
        "updatedNumberScheduled": sum(_revision(each) == present for each in pods),
        "numberAvailable": available,
        "numberUnavailable": nodes - available,
    }
    before = (owner.get("status") or {}).get("collisionCount")
    return {
        "currentNumberScheduled": len(pods),
        "desiredNumberScheduled": nodes,
        "numberMisscheduled": 0,
        "numberReady": sum(map(is_ready, pods)),
        **{name: count for name, count in counts.items() if count},
        "observedGeneration": owner["metadata"]["generation"],
        **({"collisionCount": before} if before else {}),
    }
