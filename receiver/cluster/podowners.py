"""Whose pod is it: from a pod up to the workload that it belongs to, by the controllers alone."""

from collections.abc import Mapping

from receiver.cluster.api import Api, Object, path
from receiver.cluster.errors import ClusterError, NotFound, Unavailable
from receiver.cluster.kinds import folder
from receiver.cluster.owners import controller
from receiver.policy.targets import PodRef, TargetFault, TargetReason
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import WorkloadRef


def owner_of(api: Api, pod: PodRef) -> WorkloadRef | TargetFault:
    """Follow a pod's controllers up to its workload: a ReplicaSet's is one step further.

    Raises:
        Unavailable: the owner may be readable in a moment.
    """
    try:
        raw = api.call("GET", path("api", "v1", "namespaces", pod.namespace, "pods", pod.name))
        owner = controller(raw)
        if owner is not None and owner["kind"] == "ReplicaSet":
            raw = api.call("GET", folder(pod.namespace, "replicasets") + path(owner["name"]))
    except Unavailable:
        raise
    except NotFound:
        return TargetFault(TargetReason.NOT_FOUND, f"{pod}, or the ReplicaSet that owns it, does not exist")
    except ClusterError as e:
        return TargetFault(TargetReason.UNREADABLE, f"cannot read the owner of {pod}: {e}")
    return _workload_over(pod, raw, owner)


def _workload_over(pod: PodRef, raw: Object, owner: Mapping[str, str] | None) -> WorkloadRef | TargetFault:
    """Name the workload over a pod from its controller, or from the ReplicaSet, `raw`, that is that."""
    over = controller(raw)
    # Others have kinds of these names too, in groups of their own.
    if (
        over is not None
        and over["kind"] in set(Kind)
        and over["apiVersion"] == Kind(over["kind"]).api_version
    ):
        return WorkloadRef(over["kind"], pod.namespace, over["name"])
    if owner is None:
        return TargetFault(TargetReason.NO_OWNER, f"{pod} belongs to no workload: it has no controller")
    name, group = f"{owner['kind']} {pod.namespace}/{owner['name']}", owner["apiVersion"]
    if over is not owner:
        return TargetFault(TargetReason.NO_OWNER, f"{name} has no Deployment")
    return TargetFault(TargetReason.NO_OWNER, f"{pod} belongs to {name} ({group}), which is not rolled back")
