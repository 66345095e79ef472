"""The kinds of workload that can be rolled back: one table, and one way to read and name them all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from receiver.cluster import argo_rollouts, daemonsets, deployments, statefulsets
from receiver.cluster.api import Api, path
from receiver.cluster.api import Object as Raw
from receiver.cluster.errors import NotFound
from receiver.cluster.evidence import Object, annotations, labels, reference, template_set_at
from receiver.cluster.headroom import needs_room
from receiver.cluster.owners import owned
from receiver.cluster.rollout import Progress, rollout_status
from receiver.policy.record import PastRollback
from receiver.policy.targets import TargetFault
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import DEFAULT_HISTORY_LIMIT, Revision, Unreadable, Workload, WorkloadRef

OBSERVED_SECONDS, PAUSE_SECONDS = 1.5, 0.1
"""So long are controllers waited for that must see a workload before it can be judged, and how often."""
History = tuple[Revision | None, tuple[Revision, ...] | Unreadable]


def _always(_: Object) -> bool:
    return True


def _no_fault(_: Object) -> TargetFault | None:
    return None


@dataclass(frozen=True, slots=True)
class Family:
    """What sets a kind apart: its plural in a URL, what holds its revisions, and how they are read."""

    plural: str
    revisions_plural: str
    revisions_name: str
    """What people call the objects that hold its revisions, in the plural."""
    history: Callable[[Object, Sequence[Object], Sequence[PastRollback]], History]
    status: Callable[..., Progress] = rollout_status
    is_observed: Callable[[Object], bool] = _always
    """Tells whether the controller has seen the workload, where nobody else knows which revision is live."""
    lists_late: bool = False
    """Its revisions are listed when the workload has been read, or a new one might be missing."""
    fault: Callable[[Object], TargetFault | None] = _no_fault
    addon: str | None = None
    """What brings the kind to a cluster, None for Kubernetes itself."""


CONTROLLER_REVISIONS = ("controllerrevisions", "ControllerRevisions")
FAMILIES: Mapping[str, Family] = {
    Kind.DEPLOYMENT: Family("deployments", "replicasets", "ReplicaSets", deployments.history),
    Kind.STATEFUL_SET: Family("statefulsets", *CONTROLLER_REVISIONS, statefulsets.history),
    Kind.DAEMON_SET: Family("daemonsets", *CONTROLLER_REVISIONS, daemonsets.history),
    Kind.ROLLOUT: Family(
        "rollouts",
        "replicasets",
        "ReplicaSets",
        argo_rollouts.history,
        argo_rollouts.rollout_status,
        argo_rollouts.is_observed,
        lists_late=True,
        fault=argo_rollouts.fault,
        addon="Argo Rollouts",
    ),
}


def folder(namespace: str, plural: str) -> str:
    """Return the API path of all objects of an apps/v1 kind in a namespace."""
    return path("apis", "apps", "v1", "namespaces", namespace, plural)


def folder_of(kind: str, namespace: str) -> str:
    """Return the API path of all workloads of a kind in a namespace."""
    return path("apis", *Kind(kind).api_version.split("/"), "namespaces", namespace, FAMILIES[kind].plural)


def path_of(ref: WorkloadRef) -> str:
    """Return a workload's API path."""
    return folder_of(ref.kind, ref.namespace) + path(ref.name)


def is_served(api: Api, kind: str) -> bool:
    """Tell whether the cluster knows a kind: those of Kubernetes itself it does, others it says.

    Raises:
        ClusterError: it does not say.
    """
    if FAMILIES[kind].addon is None:
        return True
    try:
        served = api.call("GET", path("apis", *Kind(kind).api_version.split("/")))
    except NotFound:
        return False
    return any(resource["kind"] == kind for resource in served["resources"])


def get_workload(api: Api, ref: WorkloadRef) -> Raw:
    """Read one workload.

    Raises:
        NotFound: there is none of that name.
        ClusterError: it could not be read.
    """
    return api.call("GET", path_of(ref))


def patience() -> float:
    """Return until when, by the monotonic clock, controllers are waited for from now on."""
    return time.monotonic() + OBSERVED_SECONDS


def get_observed(api: Api, ref: WorkloadRef, until: float) -> Raw:
    """Read one workload; where its controller must have seen it and did not yet, wait for that until then.

    Raises:
        ClusterError: as `get_workload`.
    """
    while True:
        raw = get_workload(api, ref)
        if FAMILIES[ref.kind].is_observed(raw) or time.monotonic() >= until:
            return raw
        time.sleep(PAUSE_SECONDS)


def progress_of(workload: Object, *, since: datetime) -> Progress:
    """Judge how far a workload's rollout is; what went wrong before `since`, our patch, is not ours."""
    return FAMILIES[workload["kind"]].status(workload, since=since)


def to_workload(
    raw: Object,
    history: Sequence[Object] | Unreadable,
    *,
    past: Sequence[PastRollback] = (),
    namespace_annotations: Mapping[str, str] | Unreadable | None = None,
) -> Workload:
    """Make the snapshot of a raw workload and the objects that hold its revisions, a neighbour's among them.

    `past` tells when a revision that we restored went live again.
    """
    metadata, spec = raw["metadata"], raw["spec"]
    live, others = _history(raw, history, past)
    strategy = spec.get("updateStrategy") or {}
    return Workload(
        ref=reference(raw),
        api_version=Kind(raw["kind"]).api_version,
        uid=metadata["uid"],
        generation=metadata["generation"],
        live=live,
        revisions=others,
        paused=bool(spec.get("paused")),
        on_delete=strategy.get("type") == "OnDelete",
        partition=(strategy.get("rollingUpdate") or {}).get("partition") or 0,
        needs_room=needs_room(raw),
        revision_history_limit=spec.get("revisionHistoryLimit", DEFAULT_HISTORY_LIMIT),
        annotations=annotations(raw),
        labels=labels(raw),
        namespace_annotations=namespace_annotations,
    )


def _history(
    raw: Object, listed: Sequence[Object] | Unreadable, past: Sequence[PastRollback]
) -> tuple[Revision, tuple[Revision, ...] | Unreadable]:
    """Return the live revision and the others."""
    if isinstance(listed, Unreadable):
        return _unnumbered(raw), listed
    live, others = FAMILIES[raw["kind"]].history(raw, owned(raw, listed), past)
    return live or _unnumbered(raw), others


def _unnumbered(raw: Object) -> Revision:
    return Revision(number=None, template=raw["spec"]["template"], live_since=template_set_at(raw))
