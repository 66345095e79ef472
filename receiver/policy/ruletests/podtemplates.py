"""The pod templates of a rule test, what identifies them, and what is there of the things that they name.

A revision's template carries its number, so that two of one image are two, as they are in a cluster.
"""

from collections.abc import Collection
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from receiver.policy.inventory import Inventory, Seen
from receiver.policy.needs import Item, ItemKind, needs
from receiver.policy.ruletests.cluster import RevisionEntry, WorkloadEntry
from receiver.policy.workload import Unreadable, Workload, WorkloadRef


def make_template(workload: WorkloadEntry, entry: RevisionEntry) -> dict[str, Any]:
    """Return a revision's pod template, with everything that the test says it needs."""
    image = entry.image or f"{workload.name}:{entry.revision}"
    metadata = {"labels": {"app": workload.name}, "annotations": {"revision": str(entry.revision)}}
    spec: dict[str, Any] = {"containers": [{"name": workload.name, "image": image}]}
    for position, (kind, name) in enumerate(entry.config):
        if kind is ItemKind.ACCOUNT:
            spec["serviceAccountName"] = name
        else:
            spec.setdefault("volumes", []).append({"name": f"config-{position}", **_volume(kind, name)})
    return {"metadata": metadata, "spec": spec}


def _volume(kind: ItemKind, name: str) -> dict[str, Any]:
    if kind is ItemKind.CONFIG_MAP:
        return {"configMap": {"name": name}}
    if kind is ItemKind.SECRET:
        return {"secret": {"secretName": name}}
    return {"persistentVolumeClaim": {"claimName": name}}


def template_hash(name: str, number: int | None) -> str | None:
    """Return what stands for the template of a workload's revision, None without a number."""
    return None if number is None else f"{name}-{number}"


def uid_of(ref: WorkloadRef) -> str:
    """Return the uid of a workload."""
    return str(uuid5(NAMESPACE_URL, ref.path))


def make_inventory(workload: Workload, missing: Collection[Item]) -> Inventory:
    """Return what is there: all that the older revisions name, but for what is missing."""
    older = () if isinstance(workload.revisions, Unreadable) else workload.revisions
    named = (need.item for one in older for need in needs(one.template, workload.ref.namespace))
    return {item: None if item in missing else Seen() for item in named}
