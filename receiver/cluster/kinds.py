"""The kinds of workload that can be rolled back: one table, and one way to read and name them all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from receiver.cluster import controllerrevisions, deployments, statefulsets
from receiver.cluster.api import Api, path
from receiver.cluster.api import Object as Raw
from receiver.cluster.evidence import History, Object, annotations, labels, reference, template_set_at
from receiver.cluster.owners import owned
from receiver.policy.record import PastRollback
from receiver.policy.vocabulary import Kind
from receiver.policy.workload import DEFAULT_HISTORY_LIMIT, Revision, Unreadable, Workload, WorkloadRef

DAEMON_SET_HASH = "controller-revision-hash"


@dataclass(frozen=True, slots=True)
class Family:
    """What sets a kind apart: its plural in a URL, what holds its revisions, and how they are read."""

    plural: str
    revisions_plural: str
    revisions_name: str
    """What people call the objects that hold its revisions, in the plural."""
    history: Callable[[Object, Sequence[Object], Sequence[PastRollback]], History]


CONTROLLER_REVISIONS = ("controllerrevisions", "ControllerRevisions")
FAMILIES: Mapping[str, Family] = {
    Kind.DEPLOYMENT: Family("deployments", "replicasets", "ReplicaSets", deployments.history),
    Kind.STATEFUL_SET: Family("statefulsets", *CONTROLLER_REVISIONS, statefulsets.history),
    Kind.DAEMON_SET: Family(
        "daemonsets", *CONTROLLER_REVISIONS, partial(controllerrevisions.history, hash_label=DAEMON_SET_HASH)
    ),
}


def folder(namespace: str, plural: str) -> str:
    """Return the API path of all objects of an apps/v1 kind in a namespace."""
    return path("apis", "apps", "v1", "namespaces", namespace, plural)


def path_of(ref: WorkloadRef) -> str:
    """Return a workload's API path."""
    return folder(ref.namespace, FAMILIES[ref.kind].plural) + path(ref.name)


def get_workload(api: Api, ref: WorkloadRef) -> Raw:
    """Read one workload.

    Raises:
        NotFound: there is none of that name.
        ClusterError: it could not be read.
    """
    return api.call("GET", path_of(ref))


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
        api_version="apps/v1",
        uid=metadata["uid"],
        generation=metadata["generation"],
        live=live,
        revisions=others,
        paused=bool(spec.get("paused")),
        on_delete=strategy.get("type") == "OnDelete",
        partition=(strategy.get("rollingUpdate") or {}).get("partition") or 0,
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
