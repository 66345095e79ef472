"""A pod of the revision to go back to, as its controller would make it: for the API server to try out.

Quotas, limits and policies on pods say nothing to a workload's patch: they refuse its pods afterwards.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from receiver.policy.podtemplate import all_containers, bare_template
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import Revision, Workload

ITSELF = (Kind.STATEFUL_SET, Kind.DAEMON_SET)
"""The kinds that own their pods; the others have ReplicaSets for that."""


def trial_pod(workload: Workload, chosen: Revision) -> dict[str, Any]:
    """Return the pod, with an owner like its controller's, because policies ask who owns a pod.

    A ReplicaSet's uid is not known here and its workload's stands for it: nothing looks for it in a dry run.
    """
    template = bare_template(chosen.template)
    owner = _owner(workload, chosen)
    metadata = {**template["metadata"], "generateName": f"{owner['name']}-", "ownerReferences": [owner]}
    spec = dict(template.get("spec") or {})
    if workload.ref.kind == Kind.STATEFUL_SET and (claimed := tuple(_claimed(workload, spec))):
        spec["volumes"] = [*(spec.get("volumes") or []), *claimed]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _owner(workload: Workload, chosen: Revision) -> dict[str, Any]:
    kind, name = workload.ref.kind, workload.ref.name
    if kind not in ITSELF:
        kind, name = "ReplicaSet", f"{name}-{chosen.template_hash}" if chosen.template_hash else name
    return {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": workload.uid, "controller": True}


def _claimed(workload: Workload, spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a StatefulSet's claim templates add: each volume that is mounted and not in the template."""
    lists = [one.get(key) or [] for one in all_containers(spec) for key in ("volumeMounts", "volumeDevices")]
    known = {volume["name"] for volume in spec.get("volumes") or []}
    for name in sorted({use["name"] for uses in lists for use in uses} - known):
        yield {"name": name, "persistentVolumeClaim": {"claimName": f"{name}-{workload.ref.name}-0"}}
