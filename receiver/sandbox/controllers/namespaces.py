"""Namespaces: what a new one is given, and how one that ends is emptied."""

from typing import Any

from receiver.sandbox.clock import stamp
from receiver.sandbox.controllers.work import Task, Work
from receiver.sandbox.resources import CONFIG_MAPS, NAMESPACES, NODES, SERVICE_ACCOUNTS, Resource
from receiver.sandbox.store import Event, Store

Object = dict[str, Any]
FIRST = ("default", "kube-system", "kube-public", "kube-node-lease")
MACHINES = ("node-0", "node-1")
NO_BUNDLE = "The sandbox is served over plain HTTP and has no certificates.\n"


def seed(store: Store) -> None:
    """Store what every cluster has from the start: four namespaces, and two nodes that are ready."""
    for name in FIRST:
        metadata = {"name": name, "labels": {"kubernetes.io/metadata.name": name}}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        namespace = {**body, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        store.create(NAMESPACES, namespace)
        _furnish(store, name)
    for name in MACHINES:
        store.create(NODES, _node(name, stamp(store.clock.now())))


def note(work: Work, event: Event) -> None:
    """Remember which namespaces end, and look again at one in which something went."""
    if event.key == NAMESPACES.key:
        name = event.obj["metadata"]["name"]
        if event.type == "DELETED":
            work.ending.discard(name)
        elif "deletionTimestamp" in event.obj["metadata"]:
            work.ending.add(name)
    elif event.namespace in work.ending:
        work.add(Task(NAMESPACES.key, "", event.namespace))


def reconcile(work: Work, namespace: str, name: str) -> None:
    """Furnish a namespace, or empty one that ends, and remove it when nothing is left in it."""
    found = work.store.find(NAMESPACES, namespace, name)
    if found is None:
        return
    if "deletionTimestamp" not in found["metadata"]:
        _furnish(work.store, name)
    elif not _empty(work, name):
        _end(work, name)


def _furnish(store: Store, namespace: str) -> None:
    why = "Contains a CA bundle that can be used to verify the kube-apiserver; this one has none."
    annotations = {"kubernetes.io/description": why}
    _provide(store, SERVICE_ACCOUNTS, namespace, {"metadata": {"name": "default"}})
    _provide(
        store,
        CONFIG_MAPS,
        namespace,
        {"metadata": {"name": "kube-root-ca.crt", "annotations": annotations}, "data": {"ca.crt": NO_BUNDLE}},
    )


def _provide(store: Store, resource: Resource, namespace: str, body: Object) -> None:
    if store.find(resource, namespace, body["metadata"]["name"]) is None:
        metadata = {**body["metadata"], "namespace": namespace}
        store.create(resource, {"apiVersion": "v1", "kind": resource.kind, **body, "metadata": metadata})


def _empty(work: Work, namespace: str) -> bool:
    """Delete all that is in a namespace; return whether something stays, for it has finalizers."""
    left = False
    for resource in {each.key: each for each in work.resources.all() if each.namespaced}.values():
        for obj in work.store.list(resource, namespace)[0]:
            last = work.store.delete(resource, namespace, obj["metadata"]["name"])
            left = left or bool(last["metadata"].get("finalizers"))
    return left


def _end(work: Work, name: str) -> None:
    """Remove a namespace that is empty, whatever finalizers held it so far."""
    work.store.delete(NAMESPACES, "", name)


def _node(name: str, at: str) -> Object:
    size = {"cpu": "64", "memory": "256Gi", "pods": "10k"}
    labels = {
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    conditions = [
        _condition("Ready", at, "KubeletReady", "kubelet is posting ready status", good=True),
        _condition(
            "MemoryPressure", at, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"
        ),
        _condition("DiskPressure", at, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        _condition("PIDPressure", at, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {},
        "status": {"allocatable": size, "capacity": size, "conditions": conditions, "phase": "Running"},
    }


def _condition(type_: str, at: str, reason: str, message: str, *, good: bool = False) -> Object:
    return {
        "type": type_,
        "status": str(good),
        "reason": reason,
        "message": message,
        "lastHeartbeatTime": at,
        "lastTransitionTime": at,
    }
