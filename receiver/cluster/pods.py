"""A workload's pods: which revision each belongs to, and how it is."""

from receiver.cluster.api import Api, path
from receiver.cluster.evidence import Object, labels
from receiver.cluster.owners import controller
from receiver.cluster.reading import readable
from receiver.policy.pods import Pod
from receiver.policy.podtemplate import POD_TEMPLATE_HASH
from receiver.policy.workload import Unreadable, WorkloadRef

REVISION_HASH = "controller-revision-hash"


def read_pods(api: Api, ref: WorkloadRef, selector: str) -> tuple[Pod, ...] | Unreadable:
    """Read the pods that a workload's selector selects, by one LIST.

    Raises:
        Unavailable: they may be readable in a moment.
    """
    folder = path("api", "v1", "namespaces", ref.namespace, "pods")
    listed = readable(
        f"the pods of {ref}",
        lambda: api.call("GET", folder, query={"labelSelector": selector})["items"],
    )
    return listed if isinstance(listed, Unreadable) else tuple(to_pod(raw, ref) for raw in listed)


def to_pod(raw: Object, ref: WorkloadRef) -> Pod:
    """Read one pod of a workload."""
    status = raw.get("status") or {}
    conditions = {condition["type"]: condition["status"] for condition in status.get("conditions") or []}
    return Pod(
        name=raw["metadata"]["name"],
        template_hash=_template_hash(raw, ref),
        ready=conditions.get("Ready") == "True",
        waiting=_waiting(status),
    )


def _template_hash(raw: Object, ref: WorkloadRef) -> str | None:
    """Return the hash of a pod's revision, by its label, or by the name of the ReplicaSet that owns it.

    A StatefulSet's label has the name before the hash.
    """
    marks, owner = labels(raw), controller(raw)
    name = owner["name"] if owner and owner["kind"] == "ReplicaSet" else None
    mark = marks.get(POD_TEMPLATE_HASH) or marks.get(REVISION_HASH) or name
    return None if mark is None else str(mark).removeprefix(f"{ref.name}-")


def _waiting(status: Object) -> str | None:
    """Return why the first container that waits does so."""
    states = (container.get("state") or {} for container in status.get("containerStatuses") or [])
    reasons = ((state.get("waiting") or {}).get("reason") for state in states)
    return next((str(reason) for reason in reasons if reason), None)
